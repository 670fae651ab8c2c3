"""The one rule for how far outputs may be from PyTorch's, as numbers for each output vector."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import Tolerance
from torch2web.tasks import Task, activate, decisions
from torch2web.verification.reference_run import ReferenceRun

_ROUNDING_FACTOR = 4
"""Another order of float32 operations is as far from float64 as PyTorch's own, give or take so much."""

_SMALLEST = float(np.finfo(np.float32).tiny)
"""Bound of a vector of zeros. A manifest has positive tolerances."""

Outputs = NDArray[np.floating]
"""[vectors, outputs]"""


@dataclass(frozen=True)
class Bounds:
    """`max|difference| ≤ atol + rtol · max|reference|` for each vector, and what follows for decisions.

    The tolerance of a model with the scale of its outputs and the rounding error of PyTorch's float32 known.
    """

    atol: float
    rtol: float
    probabilities: float
    rounding: float = 0.0
    """Largest difference of PyTorch in float32 from itself in float64; 0 where it does not count."""
    relative_rounding: float = 0.0
    """The same as a share of the largest output of the vector."""

    @classmethod
    def of(cls, tolerance: Tolerance, reference: ReferenceRun) -> "Bounds":
        if not tolerance.adaptive:
            return cls(tolerance.atol, tolerance.rtol, tolerance.probabilities)
        return cls(
            tolerance.atol * min(1.0, reference.spread),
            tolerance.rtol,
            tolerance.probabilities,
            reference.rounding,
            reference.relative_rounding,
        )

    def of_vectors(self, reference: Outputs) -> NDArray[np.float64]:
        """Largest difference accepted of each vector, [vectors]."""
        scale = _scale(reference)
        return np.maximum(self.atol + self.rtol * scale, self._rounding_of(scale)).clip(min=_SMALLEST)

    def of_probabilities(self, reference: Outputs) -> NDArray[np.float64]:
        """Largest difference accepted of a probability of each vector, [vectors].

        A softmax changes a probability by half of the largest change of a logit at most: what PyTorch's own
        rounding may change is accepted.
        """
        return np.maximum(self.probabilities, self._rounding_of(_scale(reference)) / 2)

    def _rounding_of(self, scale: NDArray[np.float64]) -> NDArray[np.float64]:
        # The smaller of both: the absolute one may come from a single picture with huge outputs, the relative
        # one from a picture whose outputs nearly cancel.
        return _ROUNDING_FACTOR * np.minimum(self.rounding, self.relative_rounding * scale)


@dataclass(frozen=True)
class Deviation:
    """The vector that is furthest outside its bounds."""

    vector: int
    problem: str
    """In words, with figures."""


def find_deviation(task: Task, bounds: Bounds, reference: Outputs, found: Outputs) -> Deviation | None:
    """The vector of `found` that is furthest from `reference` for its bounds; None where all are within.

    Checked are outputs, probabilities, and the most probable class where its margin in `reference` is larger
    than the bound.
    """
    expected, actual = reference.astype(np.float64), found.astype(np.float64)
    accepted = bounds.of_vectors(expected)
    differences = np.abs(actual - expected).max(axis=1)
    if (worst := _worst(differences, accepted)) is not None:
        largest = _scale(expected)[worst]
        problem = (
            f"logits exceed the tolerance: found a difference of {differences[worst]:.3g}, expected at most "
            f"{accepted[worst]:.3g} where the largest logit is {largest:.3g}"
        )
        return Deviation(worst, problem)
    if not task.has_labels:
        return None
    before, after = activate(task, expected), activate(task, actual)
    accepted_shares = bounds.of_probabilities(expected)
    shares = np.abs(after - before).max(axis=1)
    if (worst := _worst(shares, accepted_shares)) is not None:
        problem = (
            f"probabilities exceed the tolerance: found a difference of {shares[worst]:.3g}, "
            f"expected at most {accepted_shares[worst]:.3g}"
        )
        return Deviation(worst, problem)
    if task.meaning != "softmax" or expected.shape[1] < 2:
        return None
    highest = np.sort(expected, axis=1)
    margins = highest[:, -1] - highest[:, -2]
    wrong = (decisions(task, before) != decisions(task, after)) & (margins > accepted)
    if wrong.any():
        worst = int(np.flatnonzero(wrong)[0])
        return Deviation(worst, f"the top-1 class is another one, by a margin of {margins[worst]:.3g}")
    return None


def _scale(outputs: Outputs) -> NDArray[np.float64]:
    largest: NDArray[np.float64] = np.abs(outputs.astype(np.float64)).max(axis=1)
    return largest


def _worst(found: NDArray[np.float64], accepted: NDArray[np.float64]) -> int | None:
    """The index with the largest excess; None if there is none. NaN is an excess."""
    outside = ~(found <= accepted)
    excess = np.where(outside, np.nan_to_num(found / accepted, nan=np.inf), 0)
    return int(excess.argmax()) if outside.any() else None
