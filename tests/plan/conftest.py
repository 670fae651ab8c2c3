"""The engine for this machine."""

from ctypes import CDLL
from pathlib import Path

import pytest

from converter.engine import native_engine
from tests.engine.native import SANITIZED, build_library


@pytest.fixture(scope="session")
def library(cache: Path) -> CDLL:
    """What builds judge plans with."""
    return native_engine(cache / "web")


@pytest.fixture(scope="session")
def sanitized(cache: Path) -> Path:
    """Under the address and undefined-behaviour sanitizers; only for processes that preload them."""
    folder = cache / "native"
    folder.mkdir(parents=True, exist_ok=True)
    return build_library(folder, *SANITIZED)
