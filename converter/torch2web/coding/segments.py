"""Segments of a safetensors file: runs of numbers of one type with common tables."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from torch2web.coding.forms import BYTES, Form, form_of
from torch2web.coding.runs import BITS_OF_SYMBOL, HEAD_BITS, entropy_bits, runs_of
from torch2web.coding.table import Counts, Table, best_table, counts_of

_HEAD = 6
"""Bytes of a segment before its first plane, with the one that says how the plane is coded."""


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `stop` of a file, numbers of one form."""

    start: int
    stop: int
    form: Form

    @property
    def numbers(self) -> int:
        return (self.stop - self.start) // self.form.width


@dataclass(frozen=True)
class Segment:
    """A span, and the frequencies of each of its planes; None where a plane is stored as it is."""

    span: Span
    counts: tuple[Counts, ...]
    tables: tuple[Table | None, ...]

    @classmethod
    def of(cls, span: Span, counts: tuple[Counts, ...]) -> "Segment":
        """The segment with the tables that take the fewest bytes."""
        tables = (best_table(plane) for plane in counts)
        return cls(span, counts, tuple(table if table.size <= span.numbers else None for table in tables))

    @property
    def size(self) -> int:
        """Expected bytes."""
        return _HEAD + sum(table.size if table else 1 + self.span.numbers for table in self.tables)


def spans_of(content: bytes) -> list[Span]:
    """The header and the tensors of a safetensors file, in the order of their bytes."""
    start = 8 + int.from_bytes(content[:8], "little")
    entries = json.loads(content[8:start])
    entries.pop("__metadata__", None)
    spans = [Span(0, start, BYTES)]
    for first, stop, dtype in sorted((*entry["data_offsets"], entry["dtype"]) for entry in entries.values()):
        if stop > first:
            raw = np.frombuffer(content, np.uint8, stop - first, start + first)
            spans.append(Span(start + first, start + stop, form_of(raw, dtype)))
    return spans


def segments_of(content: bytes, spans: list[Span], start: int, stop: int) -> list[Segment]:
    """The segments of the part from `start` to `stop`. Neighbours share tables where that saves bytes."""
    segments: list[Segment] = []
    for span in spans:
        for piece in (run for cut in _cut(span, start, stop) for run in _runs(content, cut)):
            segment = Segment.of(piece, tuple(counts_of(plane) for plane in planes_of(content, piece)))
            if segments and segments[-1].span.form == piece.form:
                last = segments[-1]
                counts = tuple(a + b for a, b in zip(last.counts, segment.counts, strict=True))
                both = Segment.of(Span(last.span.start, piece.stop, piece.form), counts)
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
    """Each plane's bytes."""
    return span.form.planes(np.frombuffer(content, np.uint8, span.stop - span.start, span.start))


def _cut(span: Span, start: int, stop: int) -> Iterator[Span]:
    """What of `span` is within the part; bytes of numbers that the part's ends cut are apart."""
    first, last = max(span.start, start), min(span.stop, stop)
    if first >= last:
        return
    whole = min(first + (span.start - first) % span.form.width, last)
    end = max(last - (last - span.start) % span.form.width, whole)
    for begin, after, form in ((first, whole, BYTES), (whole, end, span.form), (end, last, BYTES)):
        if begin < after:
            yield Span(begin, after, form)


def _runs(content: bytes, span: Span) -> Iterator[Span]:
    """`span`, of single bytes where these change: at the channels of a matrix whose inputs differ."""
    if span.form.width > 1:
        yield span
        return
    start = span.start
    for length in runs_of(np.frombuffer(content, np.uint8, span.stop - span.start, span.start)):
        yield Span(start, start + length, BYTES)
        start += length
