"""Searches the coarsest weights that pass the gate, on pictures that neither calibrate nor judge.

The pictures of a model are split in three: weights are rounded for those of calibration; how much each layer
matters is measured, and multiples are chosen, on those of the search; and the variant is judged, as every
other is, by the reference run, which has none of either.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from torch2web.catalog import ModelSpec
from torch2web.coding import estimated_file_size
from torch2web.tasks import activate, figures
from torch2web.variants.compact.bracket import Bracket
from torch2web.variants.compact.choice import Unit, bits_of, choose, fine_steps_of
from torch2web.variants.encodings import Tensors, Weight, decode_all
from torch2web.variants.rounding import Rounding
from torch2web.verification import create_session_with, run_session

MARGINS = (0.8, 0.6, 0.4, 0.2)
"""Shares of what the gate allows that a candidate may use on the pictures of the search. The next where the
reference run, whose pictures are others, refuses a candidate."""

_TRIES = 6
"""Candidates that are measured for one margin."""

_CLOSE = 0.8
"""A candidate that uses so much of the margin is coarse enough."""

_PROBE = 8.0
"""Multiple at which it is measured how much a unit matters."""

_PROBE_PICTURES = 6

_SMALL = 0.0015
"""Share of all weights below which a unit is measured together with small neighbours."""

_TOGETHER = 6

_LARGEST_OF_MEAN = 5.0
"""The largest change of a score, over the root of the mean square one, where none is measured yet."""


@dataclass(frozen=True)
class Point:
    """A candidate that was measured on the pictures of the search."""

    bytes: int
    """Of its weights, coded; estimated from 8 MiB on."""
    share: float
    """Of what the gate allows."""


@dataclass(frozen=True)
class Candidate:
    tensors: Tensors
    points: tuple[Point, ...]
    """All that have been measured so far."""


class CompactSearch:
    """The search for one model."""

    def __init__(
        self,
        rounding: Rounding,
        spec: ModelSpec,
        pictures: NDArray[np.float32],
        on_progress: Callable[[int, int], None],
    ) -> None:
        """`pictures` [images, channels, height, width] are those of the search."""
        self._rounding, self._spec = rounding, spec
        # Not those of calibration: few columns are compensated so well that a layer seems not to matter.
        self._probes = pictures[np.linspace(0, len(pictures) - 1, _PROBE_PICTURES).round().astype(int)]
        self._pictures = pictures
        self._on_progress = on_progress
        self._points: list[Point] = []
        self._encoded: dict[int, tuple[float, Tensors]] = {}
        """By the index of a group, the multiple and the tensors of the last candidate."""
        self._exact = {weight.name: weight.values for weight in rounding.split.weights}
        self._expected = self._run({}, pictures)

    def candidates(self) -> Iterator[Candidate]:
        """The smallest weights for each of MARGINS, as far as there are any."""
        for margin in MARGINS:
            if best := self._within(margin):
                yield Candidate(best, tuple(sorted(self._points, key=lambda point: point.bytes)))

    def _within(self, margin: float) -> Tensors | None:
        """The smallest tensors found that use at most `margin` of what the gate allows."""
        best: Tensors | None = None
        fewest = 0
        tried: set[tuple[float, ...]] = set()
        bracket = Bracket(self._change * margin**2)
        for number in range(_TRIES):
            multiples = choose(self._units, bracket.change)
            if multiples in tried:
                break
            tried.add(multiples)
            tensors = self._encode(multiples)
            point = Point(estimated_file_size(save(tensors)), self._share(tensors))
            if math.isfinite(point.share):  # not where too many labels are others: no share says how many
                self._points.append(point)
            self._on_progress(self._steps - _TRIES + number + 1, self._steps)
            if point.share <= margin and (best is None or point.bytes < fewest):
                best, fewest = tensors, point.bytes
                if point.share >= margin * _CLOSE:
                    break
            bracket.measured(point.share, margin)
        self._change = bracket.change / margin**2
        return best

    @cached_property
    def _groups(self) -> tuple[tuple[tuple[Weight, ...], ...], ...]:
        """Units of the rounding that share a multiple: each alone, or a few small neighbours."""
        total = sum(weight.values.size for weight in self._rounding.split.weights)
        found: list[list[tuple[Weight, ...]]] = []
        open_group: list[tuple[Weight, ...]] = []
        for unit in self._rounding.units:
            if _size(unit) >= _SMALL * total:
                found.append([unit])
                continue
            if not open_group or len(open_group) == _TOGETHER:
                open_group = []
                found.append(open_group)
            open_group.append(unit)
        return tuple(map(tuple, found))

    @property
    def _steps(self) -> int:
        return len(self._groups) + _TRIES

    @cached_property
    def _units(self) -> tuple[Unit, ...]:
        """`_groups`, measured."""
        before = activate(self._spec.task, self._run({}, self._probes))
        units = []
        for number, group in enumerate(self._groups):
            tensors = self._encode_group(group, _PROBE)
            after = activate(self._spec.task, self._run(tensors, self._probes))
            change = float(np.square(after - before).mean()) / _PROBE**2
            weights = [weight for unit in group for weight in unit]
            units.append(self._unit(group, weights, max(change, 1e-18)))
            self._on_progress(number + 1, self._steps)
        return tuple(units)

    def _unit(
        self, group: Sequence[tuple[Weight, ...]], weights: Sequence[Weight], sensitivity: float
    ) -> Unit:
        bits = bits_of(weights, self._rounding.coarseness(group[0]) if len(group) == 1 else np.ones(1))
        finer = fine_steps_of(weights, self._rounding.fine_steps)
        bits |= {multiple: fine_bits for multiple, (fine_bits, _) in finer.items()}
        changes = {multiple: fine_change for multiple, (_, fine_change) in finer.items()}
        return Unit(_size(weights), bits, sensitivity, changes)

    @cached_property
    def _change(self) -> float:
        """Mean square change of a score at which the gate is reached; corrected by each candidate."""
        gate = self._spec.gate.as_dict(self._spec.task)
        scores = activate(self._spec.task, self._expected)
        if "probabilities_max_abs_diff" in gate:
            largest = gate["probabilities_max_abs_diff"]
        elif "values_max_rel_diff" in gate:
            largest = gate["values_max_rel_diff"] * float(np.ptp(scores, axis=0).mean())
        else:
            largest = float(np.sqrt((1 - gate["cosine_min"]) * np.square(scores).mean()))
        return (largest / _LARGEST_OF_MEAN) ** 2

    def _encode(self, multiples: Sequence[float]) -> Tensors:
        """The tensors of a candidate: from one to the next about half of the groups keep their multiple."""
        found: Tensors = {}
        for index, (group, multiple) in enumerate(zip(self._groups, multiples, strict=True)):
            if index not in self._encoded or self._encoded[index][0] != multiple:
                self._encoded[index] = multiple, self._encode_group(group, multiple)
            found |= self._encoded[index][1]
        return found

    def _encode_group(self, group: Sequence[tuple[Weight, ...]], multiple: float) -> Tensors:
        found: Tensors = {}
        for unit in group:
            found |= self._rounding.encode(unit, multiple)
        return found

    def _share(self, tensors: Tensors) -> float:
        found = figures(self._spec.task, self._expected, self._run(tensors, self._pictures))
        return self._spec.gate.share_used(self._spec.task, found)

    def _run(self, tensors: Tensors, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs with `tensors` in place of some of the weights; not finite ones are refused later."""
        weights = {**self._exact, **decode_all(tensors)}
        session = create_session_with(self._rounding.split.graph, weights)
        return np.concatenate([run_session(session, picture[np.newaxis]) for picture in pictures])


def _size(weights: Sequence[Weight]) -> int:
    return sum(weight.values.size for weight in weights)
