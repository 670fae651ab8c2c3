"""Work in threads, and its end on a failure."""

import threading

import pytest

from torch2web.store.parallel import map_parallel


def test_results_are_in_the_order_of_the_items() -> None:
    assert map_parallel(lambda number: number * 2, range(100)) == list(range(0, 200, 2))


def test_failure_tells_the_others_to_stop() -> None:
    stopped = threading.Event()

    def fail_or_wait(item: int) -> None:
        if not item:
            raise ValueError
        assert stopped.wait(60)

    with pytest.raises(ValueError):  # noqa: PT011
        map_parallel(fail_or_wait, [0, 1], stopped)
    assert stopped.is_set()
