"""Browsers without a driver: started on the page of `serving`, which fetches tasks and posts answers."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from torch2web.errors import ToolError
from torch2web.serve.measure.engine import TIMEOUT, TITLES, PageProblemError, first_line
from torch2web.serve.measure.installed import installed_browser
from torch2web.serve.measure.page import TaskServer

_START = 90
"""Seconds until a browser that has been started asks for its first task."""


class _Opened:
    def __init__(self, title: str, server: TaskServer, require: Callable[[float], None]) -> None:
        self.title, self.server, self.require = title, server, require

    def measure(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """See Engine."""
        self.server.tasks.put(request)
        started = time.monotonic()
        while (answer := self.server.answer(0.2)) is None:
            self.require(started + TIMEOUT)
        if "problem" in answer:
            raise PageProblemError(first_line(str(answer["problem"])))
        return {**answer["measured"], "memory": None}


@contextmanager
def opened(name: str, server: TaskServer) -> Iterator[_Opened]:
    """The browser `name` of this machine. Raises ToolError where it does not start or ends."""
    with tempfile.TemporaryDirectory(prefix="torch2web-", ignore_cleanup_errors=True) as folder:
        command = installed_browser(name, Path(folder) / "profile")
        log = Path(folder) / "log"
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(
                    [*command, server.queue_address], stdout=output, stderr=output, start_new_session=True
                )
            except OSError as error:
                raise ToolError(TITLES[name], f"it cannot be started: {error}") from error

        def require(deadline: float) -> None:
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            if process.poll() is not None:
                problem = f"it ended with exit code {process.returncode} while it was measured"
                raise ToolError(TITLES[name], problem, said)
            if time.monotonic() > deadline:
                raise ToolError(TITLES[name], "it does not answer; measure it again", said)

        try:
            started = time.monotonic()
            while not server.visited.wait(0.2):
                require(started + _START)
            yield _Opened(_title(name, command), server, require)
        finally:
            end_session(process)


def _title(name: str, command: Sequence[str]) -> str:
    """As the browser says it, such as `Firefox 153.8.0esr` or `WebKitGTK 2.50.6`."""
    try:
        said = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, errors="replace", timeout=30, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    found = re.search(rf"\b{TITLES[name]}\w* [\w.]+", said)
    return found[0] if found else TITLES[name]


def end_session(process: "subprocess.Popen[bytes]") -> None:
    """End a process that leads a session of its own, with all that it has started."""
    if sys.platform == "win32":
        process.terminate()
        process.wait()
        return
    with suppress(ProcessLookupError):  # it has ended, with all of it
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
