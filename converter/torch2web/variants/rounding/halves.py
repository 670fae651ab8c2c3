"""Weights finer than int8: float16 that are multiples of a power of two for each channel.

A number in half precision has 11 significant bits, of which int8's steps need 7: with the last ones zero it
takes fewer bytes when coded, at errors as small as are needed.
"""

import numpy as np
from numpy.typing import NDArray

from torch2web.variants.encodings import Tensors, Weight, as_int8

LARGEST = 2**11
"""The largest integer such that all up to it are exact in half precision."""

_SMALLEST = np.float32(2.0**-24)
"""The distance of the smallest numbers in half precision."""


def fine_steps(int8_steps: NDArray[np.float32], multiple: float) -> NDArray[np.float32]:
    """The powers of two that are nearest, by ratio, to `multiple` × the steps of int8."""
    # By the parts of each number: a logarithm differs by machine.
    mantissa, exponent = np.frexp(int8_steps * np.float32(multiple))  # from 0.5 on, below 1
    up = mantissa >= np.float32(np.sqrt(0.5))
    powers: NDArray[np.float32] = np.ldexp(np.float32(1), exponent - 1 + up)
    return np.maximum(powers, _SMALLEST)


def round_finely(values: NDArray[np.float32], steps: NDArray[np.float32]) -> NDArray[np.int16]:
    """The integers whose multiples of `steps`, which broadcast to `values`, are nearest."""
    return np.asarray(np.rint(values / steps).clip(-LARGEST, LARGEST), np.int16)


def as_halves(integers: NDArray[np.generic], steps: NDArray[np.float32]) -> NDArray[np.float16]:
    """Integers times steps, which is exact; infinite beyond float16, which the reference run refuses."""
    with np.errstate(over="ignore"):
        return (np.asarray(integers, np.float32) * steps).astype(np.float16)


def as_fine_integers(weight: Weight, multiple: float) -> Tensors:
    """The nearest integers, as int16, and the steps of each channel: what `as_halves` multiplies."""
    name = f"{weight.name}.scale"
    steps = fine_steps(np.asarray(as_int8(weight)[name], np.float32), multiple)
    return {weight.name: round_finely(weight.values, steps), name: steps}
