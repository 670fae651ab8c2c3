"""Parallel map over threads."""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_parallel(
    work: Callable[[_Item], _Result], items: Iterable[_Item], stopped: threading.Event | None = None
) -> list[_Result]:
    """Apply `work` to each of `items` in one thread per core; return the results in order.

    Meant for work that releases the GIL, such as hashing and compression. On an exception, KeyboardInterrupt
    included, pending items are cancelled and `stopped` is set, which running work may poll to stop early.
    """
    with ThreadPoolExecutor(usable_cores()) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            if stopped:
                stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
