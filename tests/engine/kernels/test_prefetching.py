"""What is prefetched lies inside the weights."""

import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[3]


def test_weights_at_the_end_of_memory(cache: Path) -> None:
    command = [sys.executable, "-m", "tests.engine.kernels.last_page", str(cache / "web")]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert outcome.returncode == 0, f"ended with {outcome.returncode}: {outcome.stderr}"
    assert outcome.stdout == "all read inside\n"
