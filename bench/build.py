"""Time and peak memory of `python build.py` for the three demo models."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from torch2web.cli.terminal.console import Output

ROOT = Path(__file__).parent.parent
UNCHANGED_RUNS = 5


@dataclass(frozen=True)
class _Run:
    seconds: float
    peak_gib: float


def measure_build(output: Output) -> None:
    """One build with an empty cache, then several unchanged ones."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--out", f"{folder}/site", "--cache", f"{folder}/cache"]
        first = _run(options)
        again = [_run(options) for _ in range(UNCHANGED_RUNS)]
    quickest = min(again, key=lambda run: run.seconds)
    rows = [
        ("three demo models, from nothing", f"{first.seconds:.1f}", f"{first.peak_gib:.2f}", "45 s, 2.5 GiB"),
        (
            f"unchanged, best of {UNCHANGED_RUNS}",
            f"{quickest.seconds:.2f}",
            f"{quickest.peak_gib:.2f}",
            "2 s",
        ),
    ]
    output.table(("python build.py", "seconds", "peak GiB", "wanted"), rows)


def _run(options: list[str]) -> _Run:
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "build.py", *options], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the build failed with exit code {process.returncode}")
    return _Run(time.monotonic() - started, usage.ru_maxrss / 2**20)
