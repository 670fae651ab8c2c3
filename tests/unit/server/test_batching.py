"""Dynamic batches, with a session that is a function."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from torch2web.errors import ServerError
from torch2web.server.inference.batching import Batcher

WAIT = 60.0
"""Seconds that no test waits."""


class Network:
    """Doubles its input; each run waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.go = threading.Event()
        self.fails = False

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        self.batches.append(len(images))
        assert self.go.wait(60)
        if self.fails:
            raise ServerError("no")
        return 2 * images


def run(
    body: Callable[[Network, Batcher], Awaitable[None]], max_batch: int = 4, max_wait: float = WAIT
) -> Network:
    network = Network()

    async def whole() -> None:
        with ThreadPoolExecutor(1) as executor:
            batcher = Batcher(network, executor, max_batch, max_wait)
            try:
                await asyncio.wait_for(body(network, batcher), 60)
            finally:
                network.go.set()
                batcher.close()

    # In a thread of its own: where browsers were tested, this one has a loop already.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, whole()).result()
    return network


def tensor(value: int) -> NDArray[np.float32]:
    return np.full(1, value, np.float32)


async def asked(batcher: Batcher, *values: int) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(batcher.compute(tensor(value))) for value in values]
    await asyncio.sleep(0.02)
    return tasks


def test_a_single_request_does_not_wait() -> None:
    async def body(network: Network, batcher: Batcher) -> None:
        network.go.set()
        computed = await batcher.compute(tensor(3))
        assert computed.outputs == [6]
        assert computed.batch == 1

    run(body)


def test_what_comes_while_a_batch_runs_is_computed_together_and_nobody_gets_anothers_answer() -> None:
    async def body(network: Network, batcher: Batcher) -> None:
        tasks = await asked(batcher, 1)
        tasks += await asked(batcher, 2, 3, 4, 5, 6, 7)
        network.go.set()
        assert [float((await task).outputs[0]) for task in tasks] == [2, 4, 6, 8, 10, 12, 14]

    assert run(body).batches == [1, 4, 2]


def test_a_batch_waits_for_requests_that_are_being_prepared() -> None:
    async def body(network: Network, batcher: Batcher) -> None:
        network.go.set()
        with batcher.expecting():
            tasks = await asked(batcher, 1)
            assert network.batches == []
            tasks += await asked(batcher, 2)
            assert network.batches == []
        assert (await tasks[0]).batch == 2

    run(body)


def test_a_batch_waits_no_longer_than_it_may() -> None:
    async def body(network: Network, batcher: Batcher) -> None:
        network.go.set()
        with batcher.expecting():
            computed = await batcher.compute(tensor(1))
        assert computed.queued >= 0.02

    run(body, max_wait=0.02)


def test_a_full_batch_does_not_wait() -> None:
    async def body(network: Network, batcher: Batcher) -> None:
        network.go.set()
        with batcher.expecting():
            tasks = await asked(batcher, 1, 2, 3, 4)
            assert (await tasks[0]).batch == 4

    run(body)


def test_who_has_gone_is_not_computed() -> None:
    async def body(network: Network, batcher: Batcher) -> None:
        tasks = await asked(batcher, 1)
        later = await asked(batcher, 2, 3)
        later[0].cancel()
        await asyncio.sleep(0)
        network.go.set()
        assert (await later[1]).outputs == [6]
        await tasks[0]

    assert run(body).batches == [1, 1]


def test_a_failure_reaches_everybody_and_the_next_batch_runs() -> None:
    async def body(network: Network, batcher: Batcher) -> None:
        network.fails = True
        tasks = await asked(batcher, 1)
        tasks += await asked(batcher, 2, 3)
        network.go.set()
        for task in tasks:
            with pytest.raises(ServerError):
                await task
        network.fails = False
        assert (await batcher.compute(tensor(4))).outputs == [8]

    run(body)
