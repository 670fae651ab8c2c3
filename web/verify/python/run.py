"""Runs pytest over these tests inside the page, and tells the page of each test as it ends."""

import json
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import harness
import pytest
from pyodide.ffi import can_run_sync, run_sync

from .answers import gather
from .facts import CASES, FACTS

FOLDER = Path(__file__).parent
BATCH = 40
"""Tests at a time, so that a browser in which Python cannot wait shows something in between."""

_OPTIONS = ("-p", "no:cacheprovider", "-p", "no:terminal", "-W", "error", f"--rootdir={FOLDER.parent}")


class Collector:
    """Takes the tests' names and runs none."""

    def __init__(self) -> None:
        self.items: list[tuple[str, str]] = []
        """Name, and the model that it is about: empty for none."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            callspec = getattr(item, "callspec", None)
            self.items.append((item.nodeid, callspec.params.get("model", "") if callspec else ""))


class Reporter:
    """Tells the page of each test as it ends, and lets it paint."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            harness.report(report.nodeid, report.outcome, report.duration, _message(report))
            if can_run_sync():
                run_sync(harness.painted())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            harness.report(report.nodeid, report.outcome, 0, _message(report))


def _message(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):  # where it was skipped, the line, and why
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr or "")


async def run() -> str:
    """Run every test; return what pytest says of them as JUnit XML."""
    collector = Collector()
    _pytest(["--collect-only", str(FOLDER)], collector)
    harness.collected(json.dumps([name for name, _ in collector.items]))
    suites = ElementTree.Element("testsuites", name=f"torch2web {FACTS['manifest_sha256']}")
    started = time.monotonic()
    for model in ("", *CASES):
        names = [name for name, about in collector.items if about == model]
        await gather(model)
        for start in range(0, len(names), BATCH):
            report = FOLDER / "junit.xml"
            _pytest([f"--junitxml={report}", *names[start : start + BATCH]], Reporter())
            suites.extend(ElementTree.parse(report).getroot())
            await harness.painted()
        await harness.release(model)
    suites.set("time", f"{time.monotonic() - started:.3f}")
    return ElementTree.tostring(suites, encoding="unicode")


def _pytest(arguments: list[str], plugin: object) -> None:
    """Run pytest. Raises RuntimeError where it could not do what it was asked to."""
    sys.stdout.flush()
    code = pytest.main([*_OPTIONS, *arguments], plugins=[plugin])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"pytest ended with {code!r}")
