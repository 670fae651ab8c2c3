"""Several processes of this machine. A model that does not fit into the memory waits for others to end."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from torch2web.errors import WorkerError
from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.pipeline.executors.memory import needed_memory
from torch2web.pipeline.executors.task import OnStage, Outcome, Task, Work
from torch2web.pipeline.executors.worker import RemoteTraceback, serve

_PATIENCE = 10.0
"""Seconds that a process has to end by itself."""


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    task: Task | None = None


class Processes:
    """At most `jobs` processes, which together take at most `memory` bytes by estimate; None: any.

    A model whose estimate exceeds `memory` runs while no other does. A process that ends without an answer,
    as one that the system stops for its memory, is replaced, and its model runs once more, alone.
    """

    def __init__(
        self, settings: ConversionSettings, conversions: Conversions, jobs: int, memory: int | None
    ) -> None:
        self._settings, self._cache = settings, conversions.cache
        self._jobs, self._memory = jobs, memory
        self._workers: list[_Worker] = []
        self._context = multiprocessing.get_context("spawn")

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every process, and remove what unfinished conversions have written."""
        for worker in self._workers:
            worker.connection.close()
            if worker.task:
                worker.process.terminate()
        for worker in self._workers:
            self._end(worker)
        self._workers.clear()

    def run(self, work: Work, tasks: Sequence[Task], on_stage: OnStage) -> Iterator[tuple[Task, Outcome]]:
        """Outcomes as they come; the models that need most begin. Raises what a process raised."""
        waiting = sorted(tasks, key=needed_memory, reverse=True)
        again: set[int] = set()
        while waiting or self._running():
            self._start(work, waiting, again)
            for worker in self._ready():
                task = worker.task
                assert task is not None
                try:
                    kind, content = worker.connection.recv()
                except (EOFError, OSError):
                    self._remove(worker)
                    if task.index in again:
                        yield task, WorkerError(task.spec.name, _how_it_ended(worker.process.exitcode))
                    else:
                        again.add(task.index)
                        waiting.append(task)
                    continue
                if kind == "stage":
                    on_stage(task.index, *content)
                elif kind == "outcome":
                    worker.task = None
                    yield task, content
                else:
                    error, trace = content
                    raise error from RemoteTraceback(trace)

    def _running(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.task]

    def _ready(self) -> list[_Worker]:
        """Processes that have sent something, or ended; waits for the first."""
        ready = wait([worker.connection for worker in self._running()])
        return [worker for worker in self._running() if worker.connection in ready]

    def _start(self, work: Work, waiting: list[Task], again: set[int]) -> None:
        """Give tasks to processes, as many as fit."""
        while len(running := [worker.task for worker in self._workers if worker.task]) < self._jobs:
            task = next((task for task in waiting if self._fits(task, running, again)), None)
            if task is None:
                return
            waiting.remove(task)
            idle = [worker for worker in self._workers if not worker.task]
            if task.index in again:
                for worker in idle:  # they may hold memory that they no longer use
                    self._remove(worker)
                idle = []
            worker = idle[0] if idle else self._new()
            worker.task = task
            worker.connection.send((work, task))

    def _fits(self, task: Task, running: Sequence[Task], again: set[int]) -> bool:
        if not running:
            return True
        if any(other.index in again for other in (task, *running)):
            return False
        return self._memory is None or sum(map(needed_memory, (task, *running))) <= self._memory

    def _new(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs, self._settings), daemon=True)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))
        return self._workers[-1]

    def _remove(self, worker: _Worker) -> None:
        worker.connection.close()
        self._end(worker)
        self._workers.remove(worker)

    def _end(self, worker: _Worker) -> None:
        worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        if worker.task:
            self._cache.remove_leftovers(worker.task.spec.name)


def _how_it_ended(code: int | None) -> str:
    """For the end of an error's sentence."""
    if code is not None and code < 0:
        killed = " (the system does that where memory runs out: --memory, or fewer --jobs)"
        return f"was stopped twice by signal {-code}{killed if code == -signal.SIGKILL else ''}"
    return f"ended twice with exit code {code}, without an answer"
