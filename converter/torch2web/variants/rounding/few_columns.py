"""Error compensation for layers with far more inputs than calibration has columns of them.

The same rounding as by all pairs of inputs: with n inputs and N columns X [N, n], the moments δI + Xᵀ·X have
rank N besides δ, so that what the inputs still to be rounded can make up for an error follows from a matrix
[N, N] (Woodbury), not from one [n, n]: 100,352 inputs take seconds, and all of them compensate, not blocks.
A few inputs are rounded at a time; what they miss together is made up for by those that follow.
"""

import numpy as np
from numpy.typing import NDArray

from torch2web.variants.rounding.compensated import DAMPING, Integers, integer_type

_AT_ONCE = 8
"""Inputs that are rounded at a time."""

_EXACT_EVERY = 64
"""Inputs that share the matrix of what those from the first of them on can make up for."""


class ColumnCompensation:
    """By the columns of inputs themselves, [columns, inputs]; for layers of one group."""

    def __init__(self, columns: NDArray[np.floating]) -> None:
        columns = columns.astype(np.float64)
        power = np.square(columns).sum(axis=0)
        self._order = np.argsort(-power, kind="stable")
        self._columns = np.ascontiguousarray(columns[:, self._order].T)
        """[inputs, columns], by decreasing power."""
        self._making_up = _making_up(self._columns, DAMPING * power.mean() or 1.0)

    def round(self, weights: NDArray[np.floating], steps: NDArray[np.floating], largest: int) -> Integers:
        """As `Compensation`; `steps` are those of outputs, [1, outputs, inputs] or [1, outputs, 1]."""
        values = weights[0].T
        sizes = steps[0, :, 0].astype(np.float64)
        integers = np.empty(values.shape, integer_type(largest))
        missing = np.zeros((self._columns.shape[1], values.shape[1]))
        """By how much the sums of what is rounded are too small, [columns, outputs]."""
        for first in range(0, len(values), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            value = values[self._order[part]].astype(np.float64)
            rounded = np.rint((value + self._making_up[part] @ missing) / sizes).clip(-largest, largest)
            integers[self._order[part]] = rounded
            missing += self._columns[part].T @ (value - rounded * sizes)
        return np.ascontiguousarray(integers.T)[np.newaxis]


def _making_up(columns: NDArray[np.float64], damping: float) -> NDArray[np.float64]:
    """[inputs, columns]: the product of an input's vector with the missing sums is what it makes up for.

    That of input j is (δI + Σ xᵢ·xᵢᵀ)⁻¹·xⱼ over the inputs i from the first that shares its matrix on.
    """
    left = damping * np.eye(columns.shape[1])
    found = np.empty_like(columns)
    for start in reversed(range(0, len(columns), _EXACT_EVERY)):
        part = columns[start : start + _EXACT_EVERY]
        left += part.T @ part
        found[start : start + _EXACT_EVERY] = np.linalg.solve(left, part.T).T
    return found
