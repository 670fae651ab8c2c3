"""One thread for products of matrices: sums in another order would be other bytes."""

from contextlib import AbstractContextManager


def one_thread() -> AbstractContextManager[object]:
    """A context in which NumPy's linear algebra computes in one thread, however many cores there are."""
    from threadpoolctl import threadpool_limits  # looks for libraries, which other builds need not

    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits
