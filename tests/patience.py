"""How long tests wait for what takes a moment on an idle machine: only what hangs takes as long."""

import time

_TURNS = 200_000
_QUICK = 0.005
"""Seconds of CPU time that so many turns of a loop take on the machine for which the times were chosen."""
_SLOWEST = 3.0


def _slowness() -> float:
    """How many times as long as there a loop takes here: from 1 to 3, so that what hangs still ends."""

    def turns() -> float:
        start, total = time.process_time(), 0
        for turn in range(_TURNS):
            total += turn
        return time.process_time() - start

    return min(_SLOWEST, max(1.0, min(turns() for _ in range(5)) / _QUICK))


SLOWNESS = _slowness()
PATIENCE = 240 * SLOWNESS
"""Seconds."""
PATIENCE_MS = 1000 * PATIENCE
"""Milliseconds, as Playwright counts."""
LONGEST = 600 * SLOWNESS
"""Seconds after which a test is stopped and named. The longest takes half of them on a busy machine."""
