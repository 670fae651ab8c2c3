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


def run_of_the_file(until: float) -> str:
    """What pytest prints of a short file's tests where they may start until that moment."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", FILE]
    environment = os.environ | {VARIABLE: str(int(until))}
    outcome = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST
    )
    assert outcome.returncode == 0, outcome.stdout
    return outcome.stdout


def test_they_are_counted_by_file() -> None:
    printed = run_of_the_file(until=time.time() - 1)
    assert "passed" not in printed
    assert f"tests were not started: the time for tests was over ({VARIABLE})" in printed
    assert any(line.split()[1:] == [FILE] and int(line.split()[0]) > 1 for line in printed.splitlines())


def test_nothing_is_left_out_before() -> None:
    printed = run_of_the_file(until=time.time() + 3600)
    assert "passed" in printed
    assert "skipped" not in printed
    assert "not started" not in printed


def test_what_ran_and_failed_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A skip would hide the failure."""
    monkeypatch.setenv(VARIABLE, "1")
    try:
        skip_after_the_last_start(runs_before=1)
    except pytest.skip.Exception:
        pytest.fail("it was skipped")
    with pytest.raises(pytest.skip.Exception):
        skip_after_the_last_start(runs_before=0)


def test_without_a_moment_everything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    skip_after_the_last_start(runs_before=0)
