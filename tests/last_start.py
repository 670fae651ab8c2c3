"""Leaves out what can no longer end in time: a run that is stopped from outside prints no result at all.

`TESTS_START_UNTIL`, in seconds since 1970, is the last moment at which a test may start. Where it is set,
tests that would start later are skipped, and the summary counts them by file. Continuous integration sets
it, whose machines differ in speed by a factor of five; elsewhere every test runs.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable

import pytest

VARIABLE = "TESTS_START_UNTIL"
_REASON = f"not started: the time for tests was over ({VARIABLE})"


def time_is_limited() -> bool:
    """Whether tests may be left out."""
    return VARIABLE in os.environ


def skip_after_the_last_start(runs_before: int) -> None:
    """Skip a test after the last start, unless it ran before and failed, which no skip may hide.

    Raises:
        pytest.skip.Exception: the time is over.
    """
    until = os.environ.get(VARIABLE)
    if until and time.time() > float(until) and not runs_before:
        pytest.skip(_REASON)


def left_out(reports: Iterable[pytest.TestReport]) -> list[str]:
    """A line for each file of which tests were left out, and one for all, from the skipped tests' reports."""
    files = Counter(
        report.nodeid.partition("::")[0]
        for report in reports
        if isinstance(report.longrepr, tuple) and _REASON in report.longrepr[2]
    )
    if not files:
        return []
    lines = [f"{number:5} {file}" for file, number in sorted(files.items())]
    return [f"{files.total()} tests were {_REASON}", *lines]
