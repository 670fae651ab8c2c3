"""Tables of frequencies, the model of a plane's bytes: in integers, so that all machines make the same.

A plane is one byte of each number of a segment; see web/coder/format.h.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_BITS = 12
LANES = 8
_SYMBOLS = 256

Counts = NDArray[np.int64]
"""How often each byte occurs, [256]."""

_LOG2 = np.rint(65536 * np.log2(np.maximum(np.arange(2**MAX_BITS + 2), 1))).astype(np.int64)
"""In units of 2^-16; no logarithm is so near half a unit that machines would round it differently."""


@dataclass(frozen=True)
class Table:
    """Frequencies of a plane, which add up to 2^bits."""

    bits: int
    first: int
    """The first symbol; those after 255 go on at 0."""
    symbols: int
    """From the first to the last that occurs."""
    frequencies: NDArray[np.uint32]
    """By symbol, [256]."""
    size: int
    """Expected bytes of the plane with this table, at most a few more or less than it takes."""

    def content(self) -> bytes:
        """The table as it is stored, with the byte that says its number of bits."""
        written, at, previous = 0, 0, 0
        for frequency in map(int, self.frequencies[_window(self.first, self.symbols)]):
            length = frequency.bit_length()
            folded = _folded(length - previous)
            previous = length
            written |= ((1 << folded) - 1) << at
            at += folded + 1
            for place in reversed(range(length - 1)):
                written |= (frequency >> place & 1) << at
                at += 1
        return bytes([self.bits, self.first, self.symbols - 1]) + written.to_bytes(-(-at // 8), "little")


def counts_of(plane: NDArray[np.uint8]) -> Counts:
    """How often each byte occurs, [256]."""
    return np.bincount(plane, minlength=256).astype(np.int64)


def best_table(counts: Counts) -> Table:
    """The table with which a plane of `counts`, one of them at least, takes the fewest bytes."""
    return min(_tables(counts), key=lambda table: table.size)


def _tables(counts: Counts) -> Iterator[Table]:
    """Coarse frequencies need small tables, which pays for few numbers."""
    present = np.flatnonzero(counts)
    first = _first(present)
    symbols = (
        int((present[-1] - first if first <= present[0] else present[present < first][-1] - first) % 256) + 1
    )
    needed = int(len(present) - 1).bit_length()
    total = int(counts.sum())
    likely = range(0) if needed == 0 else range(10, MAX_BITS + 1) if total >= 2**14 else range(6, 11)
    for bits in sorted({needed, *(bits for bits in likely if bits >= needed)}):
        frequencies = _frequencies(counts, total, bits)
        lengths = np.frexp(frequencies[_window(first, symbols)].astype(np.float64))[1]
        table = np.abs(2 * np.diff(lengths, prepend=0) + 0.5) + 0.5 + np.maximum(lengths - 1, 0)
        coded = int((counts * ((bits << 16) - _LOG2[frequencies])).sum()) >> 16
        size = 3 + -(-int(table.sum()) // 8) + max(3 * LANES + -(-coded // 8), 4 * LANES)
        yield Table(bits, first, symbols, frequencies, size)


def _first(present: NDArray[np.int64]) -> int:
    """The symbol after the longest run of symbols that do not occur, on a circle of 256."""
    gaps = np.diff(present, append=present[0] + _SYMBOLS)
    return int(present[(int(gaps.argmax()) + 1) % len(present)])


def _window(first: int, symbols: int) -> NDArray[np.int64]:
    return np.arange(first, first + symbols) % _SYMBOLS


def _folded(difference: int) -> int:
    """0, -1, 1, -2 ... as 0, 1, 2, 3 ..."""
    return -2 * difference - 1 if difference < 0 else 2 * difference


def _frequencies(counts: Counts, total: int, bits: int) -> NDArray[np.uint32]:
    """Shares of 2^bits, at least one for each symbol that occurs."""
    occurs = counts > 0
    shares = np.maximum((counts * 2**bits + total // 2) // total, occurs)
    while missing := 2**bits - int(shares.sum()):
        if missing > 0:
            gains = counts * (_LOG2[shares + 1] - _LOG2[shares])
            chosen = np.argsort(-gains, kind="stable")[: min(missing, int(occurs.sum()))]
            shares[chosen] += 1
        else:
            losses = counts * (_LOG2[shares] - _LOG2[np.maximum(shares - 1, 1)])
            able = np.flatnonzero(shares > 1)
            chosen = able[np.argsort(losses[able], kind="stable")[:-missing]]
            shares[chosen] -= 1
    frequencies: NDArray[np.uint32] = shares.astype(np.uint32)
    return frequencies
