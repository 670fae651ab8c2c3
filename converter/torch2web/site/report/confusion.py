"""Confusion tables of models that were judged on labelled pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_LABELS = 12
"""Labels of a table that fits a page; of more, the most frequent confusions are listed."""

MAX_LISTED = 10

LEVELS = 5
"""Shades of a cell."""


@dataclass(frozen=True)
class Cell:
    count: int
    level: int
    """Shade, 0 to LEVELS - 1: the share of the row."""
    right: bool


@dataclass(frozen=True)
class Confusion:
    """Of PyTorch or of a variant."""

    name: str
    images: int
    share: float
    """Share of pictures with the right label."""
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    """By the label of the picture; empty where there are too many labels."""
    listed: tuple[tuple[str, str, int], ...]
    """Label, answer and count of the most frequent confusions, where there is no table."""


def confusions_of(model: Mapping[str, Any]) -> Iterator[Confusion]:
    """PyTorch's first, then each variant's, of those that were measured."""
    measured = [("PyTorch", model["verification"])]
    measured += [(entry["name"], entry["verification"]) for entry in model["variants"]]
    measured += [
        (f"{entry['name']} (refused)", entry["verification"])
        for entry in model["refused"]
        if entry.get("verification")
    ]
    for name, figures in measured:
        if accuracy := figures.get("accuracy"):
            yield _of(name, accuracy, model["labels"])


def _of(name: str, accuracy: Mapping[str, Any], labels: Sequence[str]) -> Confusion:
    counts: Sequence[Sequence[int]] = accuracy["confusion"]
    few = len(labels) <= MAX_LABELS
    return Confusion(
        name=name,
        images=accuracy["images"],
        share=accuracy["share"],
        rows=tuple(
            (label, tuple(_cells(number, row)))
            for number, (label, row) in enumerate(zip(labels, counts, strict=True))
        )
        if few
        else (),
        listed=() if few else tuple(_frequent(counts, labels)),
    )


def _cells(number: int, row: Sequence[int]) -> Iterator[Cell]:
    total = sum(row) or 1
    for column, count in enumerate(row):
        yield Cell(count, -(-count * (LEVELS - 1) // total), column == number)


def _frequent(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> list[tuple[str, str, int]]:
    wrong = [
        (-count, row, column)
        for row, found in enumerate(counts)
        for column, count in enumerate(found)
        if count and row != column
    ]
    return [(labels[row], labels[column], -count) for count, row, column in sorted(wrong)[:MAX_LISTED]]
