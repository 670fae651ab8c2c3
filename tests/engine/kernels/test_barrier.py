"""The barrier between the threads of a kernel."""

import ctypes
import threading


def test_no_thread_passes_the_barrier_early(library: ctypes.CDLL) -> None:
    """Each thread increments its count between barriers and must see all others' counts equal."""
    barrier = (ctypes.c_int32 * 2)()
    counts = [0, 0, 0]
    behind: list[int] = []

    def work(thread: int) -> None:
        for turn in range(20):
            counts[thread] = turn + 1
            library.barrier_wait(barrier, 3, thread != 0)
            behind.extend(count for count in counts if count < turn + 1)
            library.barrier_wait(barrier, 3, thread != 0)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert counts == [20, 20, 20]
    assert behind == []
