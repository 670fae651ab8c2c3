"""Segments of a safetensors file: runs of numbers of one type with common tables."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from torch2web.coding.runs import BITS_OF_SYMBOL, HEAD_BITS, entropy_bits, runs_of
from torch2web.coding.table import Counts, Table, best_table

_WIDTHS = {"F32": 4, "F16": 2}
"""Bytes of a number by the dtype of its tensor; 1 for others."""

_HEAD = 6
"""Bytes of a segment before its first plane, with the one that says how the plane is coded."""


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `stop` of a file, numbers of `width` bytes."""

    start: int
    stop: int
    width: int


@dataclass(frozen=True)
class Segment:
    """A span, and the frequencies of each of its planes; None where a plane is stored as it is."""

    span: Span
    counts: tuple[Counts, ...]
    tables: tuple[Table | None, ...]

    @classmethod
    def of(cls, span: Span, counts: tuple[Counts, ...]) -> "Segment":
        """The segment with the tables that take the fewest bytes."""
        numbers = (span.stop - span.start) // span.width
        tables = (best_table(plane) for plane in counts)
        return cls(span, counts, tuple(table if table.size <= numbers else None for table in tables))

    @property
    def size(self) -> int:
        """Expected bytes."""
        numbers = (self.span.stop - self.span.start) // self.span.width
        return _HEAD + sum(table.size if table else 1 + numbers for table in self.tables)


def spans_of(content: bytes) -> list[Span]:
    """The header and the tensors of a safetensors file, in the order of their bytes."""
    start = 8 + int.from_bytes(content[:8], "little")
    entries = json.loads(content[8:start])
    entries.pop("__metadata__", None)
    tensors = (
        Span(
            start + entry["data_offsets"][0], start + entry["data_offsets"][1], _WIDTHS.get(entry["dtype"], 1)
        )
        for entry in entries.values()
    )
    ordered = sorted(tensors, key=lambda span: (span.start, span.stop))
    return [Span(0, start, 1), *(span for span in ordered if span.stop > span.start)]


def segments_of(content: bytes, spans: list[Span], start: int, stop: int) -> list[Segment]:
    """The segments of the part from `start` to `stop`. Neighbours share tables where that saves bytes."""
    segments: list[Segment] = []
    for span in spans:
        for piece in (run for cut in _cut(span, start, stop) for run in _runs(content, cut)):
            segment = Segment.of(piece, tuple(counts_of(plane) for plane in planes_of(content, piece)))
            if segments and segments[-1].span.width == piece.width:
                last = segments[-1]
                counts = tuple(a + b for a, b in zip(last.counts, segment.counts, strict=True))
                both = Segment.of(Span(last.span.start, piece.stop, piece.width), counts)
                if both.size <= last.size + segment.size:
                    segments[-1] = both
                    continue
            segments.append(segment)
    return segments


def estimated_bytes(content: bytes) -> int:
    """Estimated bytes of all segments of a file, from the entropy of each run: no tables are made."""
    total = 0
    for run in (run for span in spans_of(content) for run in _runs(content, span)):
        for plane in planes_of(content, run):
            counts = counts_of(plane)
            bits = HEAD_BITS + int(entropy_bits(counts)) + BITS_OF_SYMBOL * int(np.count_nonzero(counts))
            total += min(bits // 8, _HEAD + len(plane))
    return total


def planes_of(content: bytes, span: Span) -> list[NDArray[np.uint8]]:
    """Each plane's bytes. Numbers of several are rotated left by a bit: a plane is a float's exponent."""
    raw = np.frombuffer(content, np.uint8, span.stop - span.start, span.start)
    if span.width == 1:
        return [raw]
    numbers = raw.view(f"<u{span.width}")
    rotated = (numbers << 1 | numbers >> (8 * span.width - 1)).astype(f"<u{span.width}")
    return [np.ascontiguousarray(plane) for plane in rotated.view(np.uint8).reshape(-1, span.width).T]


def counts_of(plane: NDArray[np.uint8]) -> Counts:
    """How often each byte occurs, [256]."""
    return np.bincount(plane, minlength=256).astype(np.int64)


def _cut(span: Span, start: int, stop: int) -> Iterator[Span]:
    """What of `span` is within the part; bytes of numbers that the part's ends cut are apart."""
    first, last = max(span.start, start), min(span.stop, stop)
    if first >= last:
        return
    whole = min(first + (span.start - first) % span.width, last)
    end = max(last - (last - span.start) % span.width, whole)
    for begin, after, width in ((first, whole, 1), (whole, end, span.width), (end, last, 1)):
        if begin < after:
            yield Span(begin, after, width)


def _runs(content: bytes, span: Span) -> Iterator[Span]:
    """`span`, of single bytes where these change: at the channels of a matrix whose inputs differ."""
    if span.width > 1:
        yield span
        return
    start = span.start
    for length in runs_of(np.frombuffer(content, np.uint8, span.stop - span.start, span.start)):
        yield Span(start, start + length, 1)
        start += length
