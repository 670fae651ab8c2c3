"""Formats generated text with the project's formatters."""

import shutil
import subprocess
import sys
from pathlib import Path

ENGINE = Path(__file__).parents[1]
_ROOT = ENGINE.parents[1]


def format_c(text: str) -> str:
    beside = Path(sys.executable).with_name("clang-format")
    command = str(beside) if beside.exists() else shutil.which("clang-format") or "clang-format"
    return _piped(
        [command, f"--style=file:{ENGINE / '.clang-format'}", "--assume-filename=generated.c"], text
    )


def format_python(text: str) -> str:
    return _piped([sys.executable, "-m", "ruff", "format", "--stdin-filename=generated.py", "-"], text)


def _piped(command: list[str], text: str) -> str:
    result = subprocess.run(command, input=text, capture_output=True, text=True, cwd=_ROOT, check=True)
    return result.stdout
