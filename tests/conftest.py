"""Fixtures that more than one folder uses: tiny catalogues and checkpoints, and the built demo site."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.expected import Expected, write_reference_pictures
from torch2web.catalog.load import ModelSpec, load_catalog

ROOT = Path(__file__).parent.parent


# What a shell starts in the background ignores Ctrl+C, and so would every command that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def run_build(*arguments: object, timeout: float = 400) -> subprocess.CompletedProcess[str]:
    """`python build.py …` as a user runs it."""
    command = [sys.executable, str(ROOT / "build.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=ROOT, check=False)


@pytest.fixture(scope="session")
def catalog() -> dict[str, ModelSpec]:
    """The project's own catalogue, by name."""
    return {spec.name: spec for spec in load_catalog(ROOT / "models.toml")}


@pytest.fixture(scope="session")
def cache() -> Path:
    """The conversions that `make site` keeps too, so that tests need not repeat them."""
    return ROOT / ".cache"


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The site with all three demo models, built by the command. Tests read it and never write."""
    site = tmp_path_factory.mktemp("demo") / "site"
    # The compressed forms of the large models would only take room; the small site has its own.
    result = run_build("--no-precompressed", "--variants", "all", "--out", site, "--cache", cache)
    assert result.returncode == 0, result.stderr
    return site


@pytest.fixture(scope="session")
def small_site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The site with the smallest demo model only. Tests read it and never write."""
    site = tmp_path_factory.mktemp("small") / "site"
    result = run_build("--only", "mobilenet_emotion", "--variants", "all", "--out", site, "--cache", cache)
    assert result.returncode == 0, result.stderr
    return site


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reference images as files, by name, with photographs beside them."""
    return write_reference_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def expected(demo_site: Path, pictures: dict[str, Path]) -> Expected:
    """What Python computes for them."""
    return Expected(demo_site, pictures)
