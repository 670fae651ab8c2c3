"""Coordinates of a report's two charts; the templates draw them as SVG. Their axes are logarithmic."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FLOOR = 1e-9
"""Differences below are drawn here: 0 has no logarithm."""

_WIDTH = 400
_RIGHT, _TOP = 14, 10


@dataclass(frozen=True)
class Tick:
    at: float
    """In the units of the drawing."""
    label: str


@dataclass(frozen=True)
class Scale:
    """A logarithmic axis: 10 ** `low` is drawn at `start`, 10 ** `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where `value` is drawn."""
        share = (math.log10(max(value, FLOOR)) - self.low) / (self.high - self.low)
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 1)

    @classmethod
    def of_powers(cls, values: Sequence[float], start: float, end: float) -> "Scale":
        """From a whole power of ten to a whole power of ten."""
        exponents = [math.log10(max(value, FLOOR)) for value in values]
        low, high = math.floor(min(exponents)), math.ceil(max(exponents))
        return cls(low, max(high, low + 1), start, end)

    @classmethod
    def of_range(cls, values: Sequence[float], start: float, end: float) -> "Scale":
        """From the smallest to the largest value, with a little room at both ends."""
        low, high = math.log10(min(values)), math.log10(max(values))
        room = max(0.12 * (high - low), 0.1)
        return cls(low - room, high + room, start, end)

    def powers(self) -> tuple[Tick, ...]:
        """Every whole power of ten; at most six of them have a label."""
        low, high = math.ceil(self.low), math.floor(self.high)
        step = -(-(high - low) // 5) or 1
        return tuple(
            Tick(self.at(10.0**power), "" if (high - power) % step else f"10{str(power).translate(_RAISED)}")
            for power in range(low, high + 1)
        )

    def round_numbers(self) -> tuple[Tick, ...]:
        """1, 2 and 5 times the powers of ten."""
        exponents = range(math.floor(self.low), math.ceil(self.high) + 1)
        numbers = [factor * 10.0**exponent for exponent in exponents for factor in (1, 2, 5)]
        inside = [number for number in numbers if self.low <= math.log10(number) <= self.high]
        return tuple(Tick(self.at(number), f"{number:.12g}") for number in inside)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Series:
    """Marks of one variant, in the shape and colour of its number."""

    name: str
    number: int
    path: str
    legend: str
    """The mark around the origin."""


@dataclass(frozen=True)
class DotPlot:
    """A row for each picture; how far right a mark is says how far a variant is from PyTorch."""

    rows: tuple[Tick, ...]
    """Names of the pictures."""
    ticks: tuple[Tick, ...]
    series: tuple[Series, ...]
    limit: float | None
    """Where the largest difference accepted of unrounded weights is."""
    left: float
    bottom: float
    width: int = _WIDTH

    @property
    def height(self) -> float:
        return self.bottom + 36


_ROW, _NAMES = 13, 92


def dot_plot(
    pictures: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], limit: float | None
) -> DotPlot | None:
    """The chart of `series`, each a name with a difference by picture; None where there is nothing."""
    drawn = [(name, values) for name, values in series if values]
    if not drawn:
        return None
    every = [value for _, values in drawn for value in values]
    scale = Scale.of_powers([*every, *([limit] if limit else [])], _NAMES, _WIDTH - _RIGHT)
    rows = tuple(Tick(_TOP + _ROW * (number + 0.5), name) for number, name in enumerate(pictures))
    return DotPlot(
        rows=rows,
        ticks=scale.powers(),
        series=tuple(
            Series(name, number, "".join(_marks(number, scale, values, rows)), _mark(number, 0, 0))
            for number, (name, values) in zip(_numbers(drawn), drawn, strict=True)
        ),
        limit=scale.at(limit) if limit else None,
        left=_NAMES,
        bottom=_TOP + _ROW * len(pictures),
    )


def _numbers(series: Sequence[tuple[str, object]]) -> Iterator[int]:
    """Of each series a number that is the same in every chart, where its name is a known one."""
    free = iter(range(len(_KNOWN), len(_KNOWN) + len(series)))
    for name, _ in series:
        yield _KNOWN[name] if name in _KNOWN else next(free)


_KNOWN = {"int8": 0, "fp32": 1, "fp16": 2, "int8_matrix": 3, "int4_matrix": 4, "compact": 5}


def _mark(number: int, x: float, y: float) -> str:
    """The mark of series `number` around a point: dot, square, diamond, triangle or plus, in turn."""
    return f"M{x:g} {y:g}{_SHAPES[number % len(_SHAPES)]}"


_SHAPES = (
    "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "m-3-3h6v6h-6z",
    "m0-4.5l4.5 4.5l-4.5 4.5l-4.5-4.5z",
    "m0-4.5l4.5 8h-9z",
    "m-4.5-1.3h3.2v-3.2h2.6v3.2h3.2v2.6h-3.2v3.2h-2.6v-3.2h-3.2z",
)


def _marks(number: int, scale: Scale, values: Sequence[float], rows: Sequence[Tick]) -> Iterator[str]:
    for value, row in zip(values, rows, strict=True):
        yield _mark(number, scale.at(value), row.at)


@dataclass(frozen=True)
class Candidate:
    """What `curve` draws of a variant."""

    name: str
    size: int
    difference: float
    kept: bool


@dataclass(frozen=True)
class Point:
    name: str
    kept: bool
    x: float
    y: float
    label_y: float
    """Of its name, which stands beside it and over no other name."""
    ends: bool
    """Whether the name ends at the point: it would leave the drawing to the right."""


@dataclass(frozen=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True)
class Curve:
    """Weights of each variant in MB against its difference."""

    points: tuple[Point, ...]
    line: str
    """Path through the variants that were kept."""
    tried: tuple[Dot, ...]
    """Roundings that the search for the smallest tried, on pictures of its own."""
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    limit: float | None
    """Height of the largest difference that the gate accepts."""
    left: float = 50
    bottom: float = 214
    width: int = _WIDTH
    height: int = 254


_NAME_HEIGHT, _NAME_WIDTH = 13, 90


def curve(
    candidates: Sequence[Candidate], limit: float | None, tried: Sequence[tuple[int, float]] = ()
) -> Curve | None:
    """The chart of `candidates`; None for fewer than two. `tried`: size and difference of other roundings."""
    if len(candidates) < 2:
        return None
    sizes = [*(candidate.size for candidate in candidates), *(size for size, _ in tried)]
    across = Scale.of_range([size / 1e6 for size in sizes], Curve.left, _WIDTH - _RIGHT)
    differences = [*(candidate.difference for candidate in candidates), *(found for _, found in tried)]
    up = Scale.of_powers([*differences, *([limit] if limit else [])], Curve.bottom, _TOP)
    points = _labelled(candidates, across, up)
    kept = [point for point in points if point.kept]
    return Curve(
        points=points,
        line="".join(f"{'L' if number else 'M'}{point.x:g} {point.y:g}" for number, point in enumerate(kept)),
        tried=tuple(Dot(across.at(size / 1e6), up.at(found)) for size, found in tried),
        across=across.round_numbers(),
        up=up.powers(),
        limit=up.at(limit) if limit else None,
    )


def _labelled(candidates: Sequence[Candidate], across: Scale, up: Scale) -> tuple[Point, ...]:
    """Points from left to right, each with its name where no name to its left is."""
    points: list[Point] = []
    for candidate in sorted(candidates, key=lambda candidate: (candidate.size, candidate.name)):
        x, y = across.at(candidate.size / 1e6), up.at(candidate.difference)
        label_y = y + 4
        near = [point for point in points if abs(point.x - x) < _NAME_WIDTH]
        while any(abs(point.label_y - label_y) < _NAME_HEIGHT for point in near):
            label_y -= _NAME_HEIGHT
        points.append(Point(candidate.name, candidate.kept, x, y, label_y, x > _WIDTH - _NAME_WIDTH))
    return tuple(points)
