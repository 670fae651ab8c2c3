"""Rounding that makes up for each rounding error in the weights that are still to be rounded.

GPTQ (Frantar et al. 2023, after Optimal Brain Surgeon): what is kept small is not the error of the weights,
but that of their sums with inputs as they occur. Inputs are taken by decreasing power; the error of a weight
is spread over the later inputs of its output by the inverse of the inputs' second moments.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

DAMPING = 0.01
"""Added to the diagonal of the moments, as a share of its mean: calibration sees few of all inputs."""

_LAZY = 128
"""Inputs after which an error is spread over all that follow, in one product of matrices."""


Integers = NDArray[np.int8 | np.int16]
"""Of `integer_type`."""


def integer_type(largest: int) -> type[np.int8] | type[np.int16]:
    """The type of integers of at most `largest` in magnitude."""
    return np.int8 if largest <= np.iinfo(np.int8).max else np.int16


class Compensation(Protocol):
    """What is prepared once for a layer's inputs, and rounds its weights with any steps."""

    def round(self, weights: NDArray[np.floating], steps: NDArray[np.floating], largest: int) -> Integers:
        """Integers [groups, outputs, inputs] such that integers × steps is near `weights` for the inputs.

        `steps` is positive and broadcasts to `weights`; integers are at most `largest` in magnitude.
        """


class PairCompensation:
    """By the second moments of all pairs of inputs, [groups, inputs, inputs]."""

    def __init__(self, moments: NDArray[np.float64]) -> None:
        self._order, self._spreading = _spreading(moments)

    def round(self, weights: NDArray[np.floating], steps: NDArray[np.floating], largest: int) -> Integers:
        """As `Compensation`. Computed in float64."""
        order, spreading = self._order, self._spreading
        values = np.take_along_axis(weights.astype(np.float64), order[:, np.newaxis], 2)
        sizes = np.broadcast_to(steps.astype(np.float64), weights.shape)
        sizes = np.take_along_axis(sizes, order[:, np.newaxis], 2)
        integers = np.empty(values.shape, integer_type(largest))
        inputs = values.shape[2]
        for first in range(0, inputs, _LAZY):
            end = min(first + _LAZY, inputs)
            errors = np.empty((*values.shape[:2], end - first))
            for at in range(first, end):
                size = sizes[:, :, at]
                rounded = np.rint(values[:, :, at] / size).clip(-largest, largest)
                integers[:, :, at] = rounded
                error = (values[:, :, at] - rounded * size) / spreading[:, np.newaxis, at, at]
                values[:, :, at + 1 : end] -= (
                    error[..., np.newaxis] * spreading[:, np.newaxis, at, at + 1 : end]
                )
                errors[:, :, at - first] = error
            values[:, :, end:] -= errors @ spreading[:, first:end, end:]
        restored = np.empty_like(integers)
        np.put_along_axis(restored, np.broadcast_to(order[:, np.newaxis], restored.shape), integers, 2)
        return restored


def round_compensated(
    weights: NDArray[np.floating], steps: NDArray[np.floating], moments: NDArray[np.float64], largest: int
) -> Integers:
    """As `Compensation.round`, for `moments` [groups, inputs, inputs]."""
    return PairCompensation(moments).round(weights, steps, largest)


def _spreading(moments: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.floating]]:
    """The order of inputs [groups, inputs]; in it, the triangle U with Uᵀ·U = inverse of the moments."""
    power = np.einsum("gii->gi", moments)
    mean = power.mean(axis=1, keepdims=True)
    mean = np.where(mean > 0, mean, 1.0)  # of inputs that are always zero
    damped = moments / mean[..., np.newaxis] + DAMPING * np.eye(moments.shape[1])
    order = np.argsort(-power, axis=1, kind="stable")
    damped = np.take_along_axis(damped, order[:, :, np.newaxis], 1)
    damped = np.take_along_axis(damped, order[:, np.newaxis], 2)
    inverse = np.linalg.inv(damped)
    lower = np.linalg.cholesky((inverse + inverse.transpose(0, 2, 1)) / 2)
    return order, lower.transpose(0, 2, 1)
