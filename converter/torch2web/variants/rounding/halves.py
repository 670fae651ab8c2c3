"""Weights finer than int8: numbers in half precision that are multiples of a power of two for each channel.

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


def on_grid(weight: Weight, multiple: float) -> Tensors:
    """The nearest integers, as int16, and their scales: powers of two near `multiple` × those of int8."""
    name = f"{weight.name}.scale"
    scale = _power_of_two(np.asarray(as_int8(weight)[name], np.float32) * np.float32(multiple))
    integers = np.rint(weight.values / scale).clip(-LARGEST, LARGEST).astype(np.int16)
    return {weight.name: integers, name: scale}


def as_halves(weight: Weight, tensors: Tensors) -> Tensors:
    """Integers times scales, which is exact."""
    scale = np.asarray(tensors[f"{weight.name}.scale"], np.float32)
    integers = np.asarray(tensors[weight.name], np.float32)
    with np.errstate(over="ignore"):  # as of `as_float16`
        return {weight.name: (integers * scale).astype(np.float16)}


def _power_of_two(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The nearest powers of two by ratio. By the parts of each number: a logarithm differs by machine."""
    mantissa, exponent = np.frexp(values)  # from 0.5 on, below 1
    up = mantissa >= np.float32(np.sqrt(0.5))
    powers: NDArray[np.float32] = np.ldexp(np.float32(1), exponent - 1 + up)
    return np.maximum(powers, _SMALLEST)
