"""Packages that others' networks and preprocessing are compared with; `make test-all` installs them."""

import importlib
import sys
from functools import cache
from types import ModuleType
from unittest.mock import patch

import pytest


def package(name: str) -> ModuleType:
    """Import a module of torchvision, timm or transformers, or skip the test with the reason."""
    if reason := without_torchvision():
        pytest.skip(reason)
    module: ModuleType = pytest.importorskip(name)
    return module


@cache
def without_torchvision() -> str:
    """The reason why torchvision is missing, or "". Its transforms do not use its compiled operators."""
    try:
        importlib.import_module("torchvision")
    except ImportError:
        return "torchvision is not installed"
    except RuntimeError:
        for loaded in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[loaded]
        with patch("torch.library.register_fake", lambda *_, **__: lambda function: function):
            importlib.import_module("torchvision")
    return ""
