"""Keeps the workers running: starts them, replaces those that end or do not answer, and stops them."""

import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from torch2web.errors import ServerError
from torch2web.server.log import log
from torch2web.server.settings import ApiSettings
from torch2web.server.worker import run_worker

_SILENT, _STARTING = 20, 120
"""Seconds without a sign of life after which a worker is killed: one that answered, one that starts."""

_MAX_FAILURES = 5
"""Workers in a row that ended before they were ready."""

_LOOK = 0.5
"""Seconds between two looks, at most."""


@dataclass
class _Running:
    process: BaseProcess
    connection: Connection
    heard: float
    """When it last gave a sign of life."""
    ready: bool = False
    problem: str = ""


class Supervisor:
    def __init__(self, settings: ApiSettings, listener: socket.socket, on_end: Callable[[], None]) -> None:
        """`on_end` is called for each worker that is replaced."""
        self._settings, self._listener, self._on_end = settings, listener, on_end
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Running] = []
        self._failures = 0
        self._problem = ""
        """Why the last worker that ended could not serve, if it said so."""
        self._not_before = 0.0
        self._stopping = False

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; `on_ready` is called when the first worker answers.

        Raises ServerError where workers cannot start.
        """
        previous = {sig: signal.signal(sig, self._stop) for sig in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self._stopping and not any(worker.ready for worker in self._workers):
                self._keep(1)
                if self._problem:
                    raise ServerError(self._problem)
            if not self._stopping:
                on_ready()
            while not self._stopping:
                self._keep(self._settings.workers)
        finally:
            self._end_all()
            for sig, handler in previous.items():
                signal.signal(sig, handler)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _keep(self, wanted: int) -> None:
        """Start workers that are missing, wait for news, and drop those that ended."""
        while len(self._workers) < wanted and time.monotonic() >= self._not_before:
            self._workers.append(self._start())
        handles = [handle for worker in self._workers for handle in _handles(worker)]
        wait(handles, _LOOK) if handles else time.sleep(_LOOK)
        for worker in list(self._workers):
            _hear(worker)
            if worker.ready:
                self._failures = 0
            if worker.process.is_alive():
                self._require_life(worker)
            else:
                self._replace(worker)

    def _start(self) -> _Running:
        ours, theirs = self._context.Pipe()
        arguments = (self._settings, self._listener, theirs)
        process = self._context.Process(target=run_worker, args=arguments, daemon=True)
        process.start()
        theirs.close()
        log("worker started", worker=process.pid)
        return _Running(process, ours, time.monotonic())

    def _require_life(self, worker: _Running) -> None:
        limit = _SILENT if worker.ready else _STARTING
        if time.monotonic() - worker.heard > limit:
            log("worker silent", worker=worker.process.pid, seconds=limit)
            worker.process.kill()

    def _replace(self, worker: _Running) -> None:
        """Drop a worker that ended. The next one starts later and later where none gets ready."""
        log(
            "worker ended",
            worker=worker.process.pid,
            exit_code=worker.process.exitcode,
            problem=worker.problem,
        )
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.join()
        self._problem = worker.problem
        self._on_end()
        if worker.ready:
            return
        self._failures += 1
        self._not_before = time.monotonic() + 0.5 * 2**self._failures
        if self._failures >= _MAX_FAILURES:
            found = worker.problem or f"the last one ended with exit code {worker.process.exitcode}"
            raise ServerError(f"{self._failures} workers in a row could not start: {found}")

    def _end_all(self) -> None:
        """Have all workers answer what they accepted, then end them."""
        self._listener.close()  # or the system would accept connections that nobody answers
        for worker in self._workers:
            with suppress(OSError):
                worker.connection.send("stop")
        deadline = time.monotonic() + self._settings.grace + 2
        for worker in self._workers:
            worker.process.join(max(0, deadline - time.monotonic()))
            if worker.process.is_alive():
                log("worker killed", worker=worker.process.pid)
                worker.process.kill()
                worker.process.join()
            worker.connection.close()


def _handles(worker: _Running) -> list[Connection | int]:
    return [worker.process.sentinel, *([] if worker.connection.closed else [worker.connection])]


def _hear(worker: _Running) -> None:
    """Read what a worker has sent."""
    with suppress(EOFError, OSError):
        while worker.connection.poll():
            kind, text = worker.connection.recv()
            worker.heard = time.monotonic()
            worker.ready = worker.ready or kind == "ready"
            worker.problem = text if kind == "failed" else worker.problem
