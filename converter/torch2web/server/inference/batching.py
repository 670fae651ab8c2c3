"""Dynamic batches: pictures that arrive together are computed together."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Outputs [batch, outputs] of images [batch, channels, height, width]."""


@dataclass(frozen=True)
class Computed:
    """The outputs of one picture, and how it came to them."""

    outputs: NDArray[np.float32]
    """[outputs]"""
    queued: float
    """Seconds."""
    computing: float
    """Seconds, of the whole batch."""
    batch: int
    """Pictures that were computed together."""


@dataclass(frozen=True)
class _Waiting:
    tensor: NDArray[np.float32]
    since: float
    answer: "asyncio.Future[Computed]"


class Batcher:
    """The queue of one session. All methods belong to the event loop; only `run` is called in `executor`.

    A batch starts when it is full, when its first picture has waited for `max_wait` seconds, or when no other
    request is being prepared: a single client never waits.
    """

    def __init__(self, run: Run, executor: Executor, max_batch: int, max_wait: float) -> None:
        self._run, self._executor = run, executor
        self._max_batch, self._max_wait = max_batch, max_wait
        self._queue: deque[_Waiting] = deque()
        self._expected = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """While a request is prepared that will probably call `compute`."""
        self._expected += 1
        try:
            yield
        finally:
            self._expected -= 1
            self._changed.set()

    async def compute(self, tensor: NDArray[np.float32]) -> Computed:
        """The outputs of `tensor`, [channels, height, width]. Raises what `run` raises.

        A caller that is cancelled leaves the queue.
        """
        waiting = _Waiting(tensor, time.perf_counter(), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._serve())
        return await waiting.answer

    def close(self) -> None:
        if self._task:
            self._task.cancel()

    async def _serve(self) -> None:
        while True:
            await self._gather()
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._max_batch))]
            await self._compute([waiting for waiting in batch if not waiting.answer.done()])

    async def _gather(self) -> None:
        """Wait until a batch should start."""
        while True:
            self._changed.clear()
            while self._queue and self._queue[0].answer.done():  # whoever asked has gone
                self._queue.popleft()
            timeout = None
            if self._queue:
                timeout = self._queue[0].since + self._max_wait - time.perf_counter()
                if len(self._queue) >= self._max_batch or not self._expected or timeout <= 0:
                    return
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._changed.wait()

    async def _compute(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        started = time.perf_counter()
        try:
            images = np.stack([waiting.tensor for waiting in batch])
            outputs = await asyncio.get_running_loop().run_in_executor(self._executor, self._run, images)
        except Exception as error:  # noqa: BLE001 (each caller gets it)
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        ended = time.perf_counter()
        for waiting, row in zip(batch, outputs, strict=True):
            if not waiting.answer.done():
                computed = Computed(row, started - waiting.since, ended - started, len(batch))
                waiting.answer.set_result(computed)
