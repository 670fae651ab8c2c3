"""The engine for this machine."""

from pathlib import Path

import pytest

from tests.engine.native import SANITIZED, build_library


@pytest.fixture(scope="session")
def library(cache: Path) -> Path:
    """With the optimisations of a build."""
    folder = cache / "native"
    folder.mkdir(parents=True, exist_ok=True)
    return build_library(folder)


@pytest.fixture(scope="session")
def sanitized(cache: Path) -> Path:
    """Under the address and undefined-behaviour sanitizers; only for processes that preload them."""
    folder = cache / "native"
    folder.mkdir(parents=True, exist_ok=True)
    return build_library(folder, *SANITIZED)
