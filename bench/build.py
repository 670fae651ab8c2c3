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
    """Builds with an empty cache, without and with the search for `compact`, then several unchanged ones."""
    rows = []
    for effort, wanted in (("fast", "45 s, 2.5 GiB"), ("full", "90 s more")):
        with tempfile.TemporaryDirectory() as folder:
            options = ["--out", f"{folder}/site", "--cache", f"{folder}/cache", "--effort", effort]
            first = _run(options)
            again = [_run(options) for _ in range(UNCHANGED_RUNS)]
        quickest = min(again, key=lambda run: run.seconds)
        rows += [
            _row(f"three demo models, from nothing, --effort {effort}", first, wanted),
            _row(f"unchanged, best of {UNCHANGED_RUNS}", quickest, "2 s"),
        ]
    output.table(("python build.py", "seconds", "peak GiB", "wanted"), rows)


def _row(title: str, run: _Run, wanted: str) -> tuple[str, ...]:
    return title, f"{run.seconds:.2f}", f"{run.peak_gib:.2f}", wanted


def _run(options: list[str]) -> _Run:
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "build.py", *options], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the build failed with exit code {process.returncode}")
    return _Run(time.monotonic() - started, usage.ru_maxrss / 2**20)
