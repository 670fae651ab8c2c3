"""Error compensation for layers with far more inputs than calibration has columns of them.

The same rounding as by all pairs of inputs: with n inputs and N columns X [N, n], the moments δI + Xᵀ·X have
rank N besides δ, so that what the inputs still to be rounded can make up for an error follows from a matrix
[N, N] (Woodbury), not from one [n, n]: 100,352 inputs take seconds, and all of them compensate, not blocks.
"""

import numpy as np
from numpy.typing import NDArray

from torch2web.variants.rounding.compensated import DAMPING

_EXACT_EVERY = 256
"""Inputs after which the inverse is computed anew: updates by one input add up rounding errors."""


class ColumnCompensation:
    """By the columns of inputs themselves, [columns, inputs]; for layers of one group."""

    def __init__(self, columns: NDArray[np.floating]) -> None:
        columns = columns.astype(np.float64)
        power = np.square(columns).sum(axis=0)
        self._order = np.argsort(-power, kind="stable")
        self._columns = np.ascontiguousarray(columns[:, self._order].T)
        """[inputs, columns], by decreasing power."""
        self._making_up = _making_up(self._columns, DAMPING * power.mean() or 1.0)

    def round(
        self, weights: NDArray[np.floating], steps: NDArray[np.floating], largest: int
    ) -> NDArray[np.int8]:
        """As `Compensation`; `steps` are those of outputs, [1, outputs, inputs] or [1, outputs, 1]."""
        values = np.ascontiguousarray(weights[0][:, self._order].T, np.float64)
        sizes = steps[0, :, 0].astype(np.float64)
        integers = np.empty(values.shape, np.int8)
        missing = np.zeros((self._columns.shape[1], values.shape[1]))
        """By how much the sums of what is rounded are too small, [columns, outputs]."""
        for at, (value, column) in enumerate(zip(values, self._columns, strict=True)):
            rounded = np.rint((value + self._making_up[at] @ missing) / sizes).clip(-largest, largest)
            integers[at] = rounded
            missing += column[:, np.newaxis] * (value - rounded * sizes)
        restored = np.empty((1, values.shape[1], values.shape[0]), np.int8)
        restored[0][:, self._order] = integers.T
        return restored


def _making_up(columns: NDArray[np.float64], damping: float) -> NDArray[np.float64]:
    """Of each input the vector whose product with the missing sums is what it makes up for, [inputs, columns].

    That of input j is (δI + Σ xᵢ·xᵢᵀ)⁻¹·xⱼ over the inputs i from j on.
    """
    count = columns.shape[1]
    starts = range(0, len(columns), _EXACT_EVERY)
    left = damping * np.eye(count)
    from_here = []
    for start in reversed(starts):
        part = columns[start : start + _EXACT_EVERY]
        left = left + part.T @ part
        from_here.append(left)
    found = np.empty_like(columns)
    for start, moments in zip(starts, reversed(from_here), strict=True):
        inverse = np.linalg.inv(moments)
        for at in range(start, min(start + _EXACT_EVERY, len(columns))):
            vector = inverse @ columns[at]
            found[at] = vector
            remaining = max(1 - float(columns[at] @ vector), np.finfo(np.float64).eps)
            inverse += np.outer(vector, vector) / remaining
    return found
