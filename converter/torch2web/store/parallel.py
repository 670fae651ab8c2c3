"""The same work on many items, on every core."""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def side_by_side(
    work: Callable[[_Item], _Result], items: Iterable[_Item], stopped: threading.Event | None = None
) -> list[_Result]:
    """`work` on each of `items`, in threads: hashing and compressing leave Python's lock alone.

    On an exception, Ctrl-C included, no further item is begun, and `stopped` tells the threads not to finish.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            if stopped:
                stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
