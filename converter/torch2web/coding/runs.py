"""Where the numbers of a large tensor change: those before and after are coded with tables of their own."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from torch2web.coding.table import LANES, Counts

LARGE = 65_536
"""Numbers from which on a tensor is looked at: smaller ones gain little."""

CHUNK = 1024
"""Numbers that stay together."""

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
    alone = entropy_bits(counts)
    run, run_bits, length = counts[0], int(alone[0]), CHUNK
    for chunk, bits in zip(counts[1:], alone[1:], strict=True):
        together = run + chunk
        together_bits = int(entropy_bits(together))
        if together_bits - run_bits - int(bits) > HEAD_BITS + BITS_OF_SYMBOL * np.count_nonzero(chunk):
            yield length
            run, run_bits, length = chunk, int(bits), CHUNK
        else:
            run, run_bits, length = together, together_bits, length + CHUNK
    yield length + len(numbers) % CHUNK


def _counts(chunks: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each byte occurs in each row, [chunks, 256]."""
    rows = np.arange(len(chunks))[:, np.newaxis] * 256
    found: NDArray[np.int64] = np.bincount((rows + chunks).ravel(), minlength=256 * len(chunks))
    return found.reshape(-1, 256)


def entropy_bits(counts: Counts) -> NDArray[np.int64]:
    """Entropy of numbers of these `counts` [..., 256], each times their number, in bits.

    Rounded as tables are, so that all machines find the same.
    """
    bits: NDArray[np.int64] = (_weighted(counts.sum(axis=-1)) - _weighted(counts).sum(axis=-1)) >> 8
    return bits


def _weighted(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each count times its logarithm, in units of 2^-8."""
    weighted: NDArray[np.int64] = counts * np.rint(256 * np.log2(np.maximum(counts, 1))).astype(np.int64)
    return weighted
