"""Fixtures shared by several folders: tiny catalogues and checkpoints, and the built demo site."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.expected import Expected, write_reference_pictures
from tests.browser.launch import launched
from tests.last_start import left_out, skip_after_the_last_start, time_is_limited
from tests.long_cases import mark_long, sort_by_duration
from tests.patience import LONGEST, PATIENCE_MS, SLOWNESS
from tests.tiny_network import write_tiny_catalog
from torch2web.catalog.load import ModelSpec, load_catalog

ROOT = Path(__file__).parent.parent


# Background jobs of a shell ignore SIGINT, and the commands that the tests interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Five seconds of its own are little for a browser that shares its machine with others.
expect.set_options(timeout=PATIENCE_MS)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let pytest-rerunfailures send at once what it sends of each test.

    Its worker writes twice before it reads, and Nagle's algorithm holds the second message back until
    the first is acknowledged: 40 ms later, in every test that is over sooner.
    """
    counters = getattr(getattr(config, "failures_db", None), "sock", None)
    if counters:
        counters.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.fixture(scope="session", autouse=True)
def conversions_in_this_process() -> Iterator[None]:
    """A test that calls the command may replace parts of it, which other processes would not see."""
    with patch("torch2web.pipeline.executors.choose.default_jobs", return_value=1):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, shared by all folders: a process can run only one Playwright at a time."""
    with sync_playwright() as playwright, launched(playwright.chromium) as chromium:
        yield chromium


def pytest_report_header() -> str:
    """How slow the machine is."""
    return f"waits: {SLOWNESS:.1f} times those on a quick machine, 3 at most"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    unused = list(mark_long(items))
    if unused and not config.args_source == config.ArgsSource.ARGS:  # of a full collection
        raise pytest.UsageError(f"tests/long_cases.py names no collected test: {', '.join(unused)}")
    # Where tests may be left out, these are then few tables rather than many features.
    sort_by_duration(items, slowest_last=time_is_limited())
    for item in items:
        item.add_marker(pytest.mark.timeout(LONGEST, method="signal"))  # "thread" would end the whole worker


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    skip_after_the_last_start(runs_before=getattr(item, "execution_count", 1) - 1)  # of pytest-rerunfailures


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print why tests ran again, which were left out, and the number of checks.

    One test may check every row of a table or every line of a page's run.
    """
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"{report.nodeid} ran again")
        terminalreporter.write_line(report.longreprtext)
    reports = [
        report
        for key in ("passed", "failed")
        for report in terminalreporter.getreports(key)
        if report.when == "call"
    ]
    checks = sum(int(str(dict(report.user_properties).get("checks", 1))) for report in reports)
    if lines := left_out(terminalreporter.getreports("skipped")):
        terminalreporter.section("left out")
        for line in lines:
            terminalreporter.write_line(line)
    if reports:
        terminalreporter.write_line(f"{checks} checks in {len(reports)} tests")


def run_build(*arguments: object, timeout: float = 1500) -> subprocess.CompletedProcess[str]:
    """Run `python build.py …` as a user does."""
    command = [sys.executable, str(ROOT / "build.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=ROOT, check=False)


def tree(folder: Path) -> dict[str, bytes]:
    """The contents of all files below the folder, by relative path."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="session")
def catalog() -> dict[str, ModelSpec]:
    """The models of the project's own catalogue, by name."""
    return {spec.name: spec for spec in load_catalog(ROOT / "models.toml")}


def _copy_entries(made: Path, pattern: str, folder: Path) -> None:
    """Link the entries of a cache into another one, each whole or not at all."""
    for entry in made.glob(pattern) if made.is_dir() else ():
        target = folder / entry.name
        if not target.exists():
            staged = folder / f".seed-{os.getpid()}"
            shutil.copytree(entry, staged, copy_function=os.link)
            with contextlib.suppress(OSError):  # another worker has copied it
                staged.rename(target)
            shutil.rmtree(staged, ignore_errors=True)


@pytest.fixture(scope="session")
def cache() -> Path:
    """A build cache for the tests, filled from the one of `make site`.

    In the developer's own cache the conversions of test catalogues would evict the demo's.
    """
    folder = ROOT / ".cache" / "tests"
    _copy_entries(ROOT / ".cache" / "models", "*-*", folder / "models")
    _copy_entries(ROOT / ".cache" / "assets", "engine-*", folder / "web")
    _copy_entries(ROOT / ".cache" / "drawn", "*-*", folder / "drawn")
    compressed = ROOT / ".cache" / "precompressed"
    if compressed.is_dir():
        (folder / "precompressed").mkdir(parents=True, exist_ok=True)
        for file in compressed.glob("*-*"):
            with contextlib.suppress(OSError):  # it exists already, or a concurrent build has just evicted it
                (folder / "precompressed" / file.name).hardlink_to(file)
    return folder


Site = Callable[..., Path]


Build = Callable[[Path], object]
SharedFolder = Callable[[str, Build], Path]


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> SharedFolder:
    """`shared_folder(name, build)`: a folder filled once by `build(folder)`, shared by all workers.

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
    """`shared_site(name, *options)`: a site built once, shared by all workers."""

    def build(name: str, *options: object) -> Path:
        def run(folder: Path) -> None:
            result = run_build(*options, "--out", folder, "--cache", cache)
            assert result.returncode == 0, result.stderr

        return shared_folder(name, run)

    return build


@pytest.fixture(scope="session")
def demo_site(shared_site: Site) -> Path:
    """The site with all three demo models, built by the command."""
    # Without precompressed files, which would only take disk space; `small_site` has them.
    return shared_site("demo", "--no-precompressed", "--variants", "all")


@pytest.fixture(scope="session")
def small_site(shared_site: Site) -> Path:
    """The site with the smallest demo model only."""
    return shared_site("small", "--only", "mobilenet_emotion", "--variants", "all")


@pytest.fixture(scope="session")
def tiny_site(shared_folder: SharedFolder, cache: Path) -> Path:
    """A site with one tiny network, `tiny`, and the judge."""

    def build(folder: Path) -> None:
        folder.mkdir()
        options = [*write_tiny_catalog(folder), "--no-precompressed", "--no-docs"]
        catalog = folder / "tiny.toml"
        catalog.write_text(catalog.read_text().replace("mean = [0.5, 0.5, 0.5]", "mean = [0.3, 0.4, 0.6]"))
        result = run_build(*options, "--out", folder / "site", "--cache", cache)
        assert result.returncode == 0, result.stderr

    return shared_folder("tiny", build) / "site"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Paths of the reference images and of some photographs, by name."""
    return write_reference_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def expected(demo_site: Path, pictures: dict[str, Path]) -> Expected:
    """Python's answers for these images."""
    return Expected(demo_site, pictures)
