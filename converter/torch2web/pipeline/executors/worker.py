"""A process that looks at checkpoints and converts models until its pipe is closed."""

import multiprocessing
import os
import signal
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.pipeline.executors.task import Outcome, Task, Work, perform

Answer = tuple[str, Any]
"""("stage", (text, done, total)), ("outcome", Outcome) or ("raised", (exception, traceback as text))."""


class RemoteTraceback(Exception):  # noqa: N818 (never raised by itself)
    """Where in the process an exception was raised, as the cause of the exception."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"\n{text}")


def serve(connection: Connection, settings: ConversionSettings) -> None:
    """Answer the tasks that come through `connection`."""
    # Ctrl-C goes to every process of a terminal: the first one tells the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    conversions = Conversions.create(settings)
    while True:
        try:
            work, task = connection.recv()
        except EOFError:
            return
        connection.send(_answer(conversions, connection, work, task))


def _answer(conversions: Conversions, connection: Connection, work: Work, task: Task) -> Answer:
    def on_stage(stage: str, done: int = 0, total: int = 0) -> None:
        connection.send(("stage", (stage, done, total)))

    try:
        outcome: Outcome = perform(conversions, work, task, on_stage)
    except Exception as error:  # noqa: BLE001 (any: it is raised again where the build is)
        return "raised", (_sendable(error), traceback.format_exc())
    return "outcome", outcome


def _sendable(error: Exception) -> Exception:
    if isinstance(error, OSError | MemoryError):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    """A build that was killed leaves no process behind; the next one removes the unfinished folder."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
