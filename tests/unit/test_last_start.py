"""Tests that cannot end in time are left out, and printed."""

import os
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT
from tests.last_start import VARIABLE, skip_after_the_last_start
from tests.patience import LONGEST

FILE = "tests/unit/test_text_files.py"


def run_or_fail(runs_before: int) -> None:
    """Fail where the test would be left out: a skip would be one of this test."""
    try:
        skip_after_the_last_start(runs_before)
    except pytest.skip.Exception:
        pytest.fail("it was skipped")


def test_they_are_counted_by_file() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", FILE]
    environment = os.environ | {VARIABLE: "1"}
    outcome = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST
    )
    assert outcome.returncode == 0, outcome.stdout
    assert "passed" not in outcome.stdout
    assert f"tests were not started: the time for tests was over ({VARIABLE})" in outcome.stdout
    lines = [line.split() for line in outcome.stdout.splitlines()]
    assert any(line[1:] == [FILE] and int(line[0]) > 1 for line in lines)


def test_nothing_is_left_out_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(int(time.time()) + 3600))
    run_or_fail(runs_before=0)


def test_what_ran_and_failed_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A skip would hide the failure."""
    monkeypatch.setenv(VARIABLE, "1")
    run_or_fail(runs_before=1)
    with pytest.raises(pytest.skip.Exception):
        skip_after_the_last_start(runs_before=0)


def test_without_a_moment_everything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    run_or_fail(runs_before=0)
