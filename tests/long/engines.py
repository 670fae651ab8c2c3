"""Firefox and WebKit as installed on Debian: started with an address, without a driver."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.find import playwrights_own
from tests.browser.parity import HARNESS
from tests.browser.server import Host
from tests.patience import SLOWNESS
from torch2web.serve.measure import end_session, installed_browser

SECONDS = 400 * SLOWNESS
"""Longest that a whole suite may take."""


@dataclass(frozen=True)
class Engine:
    """`command` is followed by the address; where it is empty, `missing` says what to install."""

    name: str
    command: tuple[str, ...]
    missing: str


def find_engines(profile: Path) -> tuple[Engine, ...]:
    """Both engines and their start commands: Playwright's builds, else the installed ones."""
    missing = {
        "Firefox": "apt-get install firefox-esr",
        "WebKit": "apt-get install webkit2gtk-driver xvfb xauth dbus",
    }
    return tuple(
        _playwrights(name) or Engine(name, installed_browser(name.lower(), profile), packages)
        for name, packages in missing.items()
    )


def _playwrights(name: str) -> Engine | None:
    if not playwrights_own(name.lower()).exists():
        return None
    return Engine(name, (sys.executable, "-m", "tests.long.open", name.lower()), "")


def run_suite(engine: Engine, host: Host, suite: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Tensors, logits and labels of the whole suite. Raises AssertionError if the run fails."""
    for file in HARNESS.iterdir():
        host.extras[f"harness/{file.name}"] = file
    (folder / "suite.json").write_text(json.dumps(suite))
    host.extras["suite.json"] = folder / "suite.json"
    outcome = visit(engine, host, "harness/engine.html", folder)
    assert "error" not in outcome, f"{engine.name}: {outcome}"
    return outcome


def visit(engine: Engine, host: Host, path: str, folder: Path) -> dict[str, Any]:
    """The outcome that the page at `path` posts. Raises AssertionError if it posts none."""
    with started([*engine.command, f"{host.url}{path}"], folder / "log"):
        outcome = host.wait_for_outcome(SECONDS)
    log = (folder / "log").read_text(errors="replace")[-2000:]
    assert outcome is not None, f"{engine.name} posted nothing within {SECONDS:.0f} s; it printed:\n{log}"
    return outcome


@contextmanager
def started(command: Sequence[str], log: Path) -> Iterator[int]:
    """Run a program during the block, then end all processes of its session."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            yield process.pid
        finally:
            end_session(process)
