"""Packages that others' networks and preprocessing are compared with; `make test-all` installs them."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
        _take_out(("torchvision",))
        with patch("torch.library.register_fake", lambda *_, **__: lambda function: function):
            importlib.import_module("torchvision")
    return ""


@contextmanager
def set_aside(*packages: str) -> Iterator[None]:
    """Import these packages anew within the block; afterwards the modules of before are back, and only they.

    A test that has its own `torchvision` in a folder would otherwise get the one that another test imported.
    """
    before = _take_out(packages)
    try:
        yield
    finally:
        _take_out(packages)
        sys.modules.update(before)


def _take_out(packages: tuple[str, ...]) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] in packages]
    return {name: sys.modules.pop(name) for name in names}
