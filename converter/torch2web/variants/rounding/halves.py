"""Weights finer than int8: float16 that are integers times a power of two.

A number in half precision has 11 significant bits. Of integers that need fewer only those are coded, so that
errors are as small as they have to be, and no smaller.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from torch2web.coding import LARGEST_INTEGER, SMALLEST_HALF
from torch2web.variants.encodings import Weight, largest_of_channels


@dataclass(frozen=True)
class FineSteps:
    """The steps of one weight in half precision, by multiples of the steps of int8."""

    int8: NDArray[np.float32]
    """The steps of int8 for each channel, of the weight's axes; 0 for a channel of zeros."""
    common: bool
    """Whether all channels have the same step, with which they err as much together.

    It takes fewer bits, as channels of small weights have fewer steps, for which integers of 8 bits have no
    room. Where outputs read other inputs, small weights may have large ones, and need steps of their own.
    """

    @classmethod
    def of(cls, weight: Weight, common: bool) -> "FineSteps":
        return cls(largest_of_channels(weight) / np.float32(127), common)

    def at(self, multiple: float) -> NDArray[np.float32]:
        """The powers of two that are nearest, by ratio, to `multiple` × these steps, for each channel; larger
        ones where integers would be too large."""
        # By the parts of each number: a logarithm differs by machine.
        mantissa, exponent = np.frexp(self._wanted * np.float32(multiple))  # from 0.5 on, below 1
        exponent = exponent - (mantissa < np.float32(np.sqrt(0.5)))
        largest = np.full_like(self.int8, self.int8.max()) if self.common else self.int8
        needed = np.frexp(largest * np.float32(127 / LARGEST_INTEGER))[1]
        powers: NDArray[np.float32] = np.ldexp(np.float32(1), np.maximum(exponent, needed))
        return np.maximum(powers, np.float32(SMALLEST_HALF))

    def change(self, multiple: float) -> float:
        """Mean square error, expected, over that with the steps of int8."""
        ratios = self.at(multiple)[self.int8 > 0] / self._wanted[self.int8 > 0]
        return float(np.square(ratios.astype(np.float64)).mean()) if ratios.size else 0.0

    @cached_property
    def _wanted(self) -> NDArray[np.float32]:
        """As fine as those of int8."""
        present = self.int8[self.int8 > 0].astype(np.float64)
        if not self.common or not present.size:
            return self.int8
        return np.full_like(self.int8, np.sqrt(np.square(present).mean()))


def round_finely(values: NDArray[np.float32], steps: NDArray[np.float32]) -> NDArray[np.int16]:
    """The integers whose multiples of `steps`, which broadcast to `values`, are nearest."""
    return np.asarray(np.rint(values / steps).clip(-LARGEST_INTEGER, LARGEST_INTEGER), np.int16)


def as_halves(integers: NDArray[np.generic], steps: NDArray[np.float32]) -> NDArray[np.float16]:
    """Integers times steps, which is exact; infinite beyond float16, which the reference run refuses."""
    with np.errstate(over="ignore"):
        return (np.asarray(integers, np.float32) * steps).astype(np.float16)
