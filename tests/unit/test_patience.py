"""Waits grow with the time of a loop, within limits."""

import time
from itertools import count

import pytest

from tests.patience import measured_slowness


@pytest.mark.parametrize(
    ("seconds", "slowness"), [(0.001, 1.0), (0.005, 1.0), (0.010, 2.0), (0.015, 3.0), (0.060, 3.0)]
)
def test_multiple_of_a_quick_machine(
    monkeypatch: pytest.MonkeyPatch, seconds: float, slowness: float
) -> None:
    """The clock is read before and after each loop."""
    readings = count()
    monkeypatch.setattr(time, "process_time", lambda: next(readings) * seconds)
    assert measured_slowness() == pytest.approx(slowness)
