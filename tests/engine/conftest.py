"""The engine compiled for this machine."""

import shutil
from ctypes import CDLL
from pathlib import Path

import pytest

from tests.engine.native import SANITIZED, build_library
from tests.engine.native_library import native_engine


@pytest.fixture(scope="session")
def library(cache: Path) -> CDLL:
    """One library, with its state, for all tests of a process."""
    return native_engine(cache / "web")


@pytest.fixture(scope="session")
def sanitized(cache: Path) -> Path:
    """Built with the address and undefined-behaviour sanitizers; only for processes that preload them."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed, whose sanitizers look over the engine here")
    folder = cache / "native"
    folder.mkdir(parents=True, exist_ok=True)
    return build_library(folder, *SANITIZED)
