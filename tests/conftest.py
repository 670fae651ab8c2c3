"""Fixtures that more than one folder uses: tiny catalogues and checkpoints, and the built demo site."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from tests.browser.expected import Expected, write_reference_pictures
from tests.browser.find import NO_BROWSER, find_chromium, launch_arguments
from tests.long_cases import mark_long, slowest_first
from torch2web.catalog.load import ModelSpec, load_catalog

ROOT = Path(__file__).parent.parent


# What a shell starts in the background ignores Ctrl+C, and so would every command that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all folders: a process can have only one Playwright at a time."""
    executable = find_chromium()
    if executable is None:
        pytest.fail(NO_BROWSER)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=launch_arguments())
        yield launched
        launched.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    unused = list(mark_long(items))
    if unused and not config.args_source == config.ArgsSource.ARGS:  # all tests were collected
        raise pytest.UsageError(f"tests/long_cases.py names no collected test: {', '.join(unused)}")
    slowest_first(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many checks there were: a test may be a table or the run of a page with many lines."""
    reports = [
        report
        for key in ("passed", "failed")
        for report in terminalreporter.getreports(key)
        if report.when == "call"
    ]
    checks = sum(int(str(dict(report.user_properties).get("checks", 1))) for report in reports)
    if reports:
        terminalreporter.write_line(f"{checks} checks in {len(reports)} tests")


def run_build(*arguments: object, timeout: float = 400) -> subprocess.CompletedProcess[str]:
    """`python build.py …` as a user runs it."""
    command = [sys.executable, str(ROOT / "build.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=ROOT, check=False)


def tree(folder: Path) -> dict[str, bytes]:
    """The contents of all files, by their paths below the folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="session")
def catalog() -> dict[str, ModelSpec]:
    """The project's own catalogue, by name."""
    return {spec.name: spec for spec in load_catalog(ROOT / "models.toml")}


@pytest.fixture(scope="session")
def cache() -> Path:
    """A cache of the tests' own, which begins with what `make site` converted and compressed.

    Other catalogues' conversions would push those of a developer out.
    """
    folder, made = ROOT / ".cache" / "tests", ROOT / ".cache" / "models"
    for entry in made.glob("*-*") if made.is_dir() else ():
        target = folder / "models" / entry.name
        if not target.exists():
            staged = folder / "models" / f".seed-{os.getpid()}"
            shutil.copytree(entry, staged, copy_function=os.link)
            with contextlib.suppress(OSError):  # another worker was first
                staged.rename(target)
            shutil.rmtree(staged, ignore_errors=True)
    compressed = ROOT / ".cache" / "precompressed"
    if compressed.is_dir():
        (folder / "precompressed").mkdir(parents=True, exist_ok=True)
        for file in compressed.glob("*-*"):
            with contextlib.suppress(OSError):  # it is there, or another build has just dropped it
                (folder / "precompressed" / file.name).hardlink_to(file)
    return folder


Site = Callable[..., Path]


Build = Callable[[Path], object]
SharedFolder = Callable[[str, Build], Path]


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> SharedFolder:
    """`shared_folder(name, build)`: a folder that the first worker fills by `build(folder)`, for all of them.

    Tests read it and never write.
    """
    own = tmp_path_factory.getbasetemp()
    folders = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"

    def fill(name: str, build: Build) -> Path:
        folders.mkdir(exist_ok=True)
        with FileLock(folders / f"{name}.lock"):
            if not (folders / f"{name}.done").exists():
                build(folders / name)
                (folders / f"{name}.done").touch()
        return folders / name

    return fill


@pytest.fixture(scope="session")
def shared_site(shared_folder: SharedFolder, cache: Path) -> Site:
    """`shared_site(name, *options)`: a site that the first worker builds, for all of them."""

    def build(name: str, *options: object) -> Path:
        def run(folder: Path) -> None:
            result = run_build(*options, "--out", folder, "--cache", cache)
            assert result.returncode == 0, result.stderr

        return shared_folder(name, run)

    return build


@pytest.fixture(scope="session")
def demo_site(shared_site: Site) -> Path:
    """The site with all three demo models, built by the command."""
    # The compressed forms of the large models would only take room; the small site has its own.
    return shared_site("demo", "--no-precompressed", "--variants", "all")


@pytest.fixture(scope="session")
def small_site(shared_site: Site) -> Path:
    """The site with the smallest demo model only."""
    return shared_site("small", "--only", "mobilenet_emotion", "--variants", "all")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reference images as files, by name, with photographs beside them."""
    return write_reference_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def expected(demo_site: Path, pictures: dict[str, Path]) -> Expected:
    """What Python computes for them."""
    return Expected(demo_site, pictures)
