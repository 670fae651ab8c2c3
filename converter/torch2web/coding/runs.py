"""Where the numbers of a large tensor change: those before and after are coded with tables of their own."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from torch2web.coding.table import LANES, Counts

LARGE = 65_536
"""Numbers from which on a tensor is looked at: smaller ones gain little."""

CHUNK = 1024
"""Numbers that stay together."""

_MOST_AHEAD = 64
"""Most chunks that are computed at once."""

HEAD_BITS = 8 * (6 + 3 + 3 * LANES)
BITS_OF_SYMBOL = 6
"""Estimated, of a segment's head and of a symbol in its table."""


def runs_of(numbers: NDArray[np.uint8]) -> Iterator[int]:
    """Lengths of the runs of `numbers`, which add up to all of them.

    A chunk continues the run before it, unless a table of its own saves more than it takes.
    """
    if len(numbers) < LARGE:
        yield len(numbers)
        return
    counts = _counts(numbers[: len(numbers) // CHUNK * CHUNK].reshape(-1, CHUNK))
    counts = counts[:, counts.any(axis=0)]  # coarse weights have few symbols
    alone = entropy_bits(counts)
    price = HEAD_BITS + BITS_OF_SYMBOL * np.count_nonzero(counts, axis=1)
    start, at, run, run_bits, ahead = 0, 1, counts[0], alone[:1], 1
    while at < len(counts):
        # Several chunks at once, as if all continued the run.
        some = slice(at, at + ahead)
        together = run + np.cumsum(counts[some], axis=0)
        bits = entropy_bits(together)
        before = np.concatenate((run_bits, bits[:-1]))
        apart = np.flatnonzero(bits - before - alone[some] > price[some])
        if len(apart):
            first = at + int(apart[0])
            yield (first - start) * CHUNK
            start, at, run, run_bits, ahead = first, first + 1, counts[first], alone[first : first + 1], 1
        else:
            at, run, run_bits = at + len(together), together[-1], bits[-1:]
            ahead = min(2 * ahead, _MOST_AHEAD)
    yield (len(counts) - start) * CHUNK + len(numbers) % CHUNK


def _counts(chunks: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each byte occurs in each row, [chunks, 256]."""
    rows = np.arange(len(chunks))[:, np.newaxis] * 256
    found: NDArray[np.int64] = np.bincount((rows + chunks).ravel(), minlength=256 * len(chunks))
    return found.reshape(-1, 256)


def entropy_bits(counts: Counts) -> NDArray[np.int64]:
    """Entropy of numbers of these `counts` [..., symbols], each times their number, in bits.

    Rounded as tables are, so that all machines find the same.
    """
    bits: NDArray[np.int64] = (_weighted(counts.sum(axis=-1)) - _weighted(counts).sum(axis=-1)) >> 8
    return bits


def _weighted(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each count times its logarithm, in units of 2^-8."""
    weighted: NDArray[np.int64] = counts * np.rint(256 * np.log2(np.maximum(counts, 1))).astype(np.int64)
    return weighted
