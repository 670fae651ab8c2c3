"""How long tests wait for what takes a moment on an idle machine: only what hangs takes as long.

Waits grow with the time of a loop. They judge nothing: what a test expects is the same on every machine.
"""

import time

_TURNS = 200_000
_QUICK = 0.005
"""Seconds of CPU time of the loop on a quick machine, for which the waits were chosen."""
_MOST = 3.0
"""With more, what hangs would keep a run from ending."""


def _seconds_of_the_loop() -> float:
    start, total = time.process_time(), 0
    for turn in range(_TURNS):
        total += turn
    return time.process_time() - start


def measured_slowness() -> float:
    """CPU time of the loop, as a multiple of that on a quick machine: from 1 to 3."""
    return min(_MOST, max(1.0, min(_seconds_of_the_loop() for _ in range(5)) / _QUICK))


SLOWNESS = measured_slowness()
"""The multiple, measured once."""
PATIENCE = 240 * SLOWNESS
"""Seconds."""
PATIENCE_MS = 1000 * PATIENCE
"""Milliseconds, as Playwright counts."""
LONGEST = 600 * SLOWNESS
"""Seconds after which a test is stopped and named; the longest takes half as long on a busy machine."""
