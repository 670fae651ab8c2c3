"""Rate against distortion: how coarse the weights of each layer become, at a price for what that changes.

Rounding with m times the steps of int8 takes about log2(m) bits less for each weight, and changes the outputs
by m² as much (in squares; the changes of layers add up, as they are hardly correlated). At one price for all
layers, the choice that is best for each is best for their sum (Lagrange).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from torch2web.coding import coded_size
from torch2web.variants.encodings import Weight, largest_of_channels
from torch2web.variants.rounding import HALF, FineSteps, as_halves, round_finely

MULTIPLES = tuple(2 ** (power / 8) for power in range(49))
"""Steps to choose from, as multiples of those of int8: 1 to 64, which leaves the integers -2 to 2."""

FINER = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Finer steps than those of int8, as multiples of them: of float16, as integers have no room for them."""

_TINY = np.finfo(np.float32).tiny

_EVEN = np.ones(1)

_SAMPLE = 65_536
"""Weights of a unit by which its bits are estimated."""


@dataclass(frozen=True)
class Unit:
    """Weights that get the same multiple."""

    weights: int
    """Their number."""
    bits: Mapping[float, float]
    """Bits of a weight by multiple, with HALF."""
    sensitivity: float
    """Mean square change of a score with the steps of int8."""
    changes: Mapping[float, float] = field(default_factory=dict)
    """The same with multiples of FINER, over `sensitivity`; others change by their squares."""

    def change(self, multiple: float) -> float:
        """Mean square change of a score, expected."""
        return self.sensitivity * self.changes.get(multiple, multiple**2) if multiple != HALF else 0.0

    def best(self, price: float) -> float:
        """The multiple with the least bits + price × change; `price` in bits."""

        def cost(multiple: float) -> float:
            return self.weights * self.bits[multiple] + price * self.change(multiple)

        return min(self.bits, key=cost)


def bits_of(weights: Sequence[Weight], coarseness: NDArray[np.float64] = _EVEN) -> dict[float, float]:
    """Bits of one of `weights` by multiple or HALF, estimated from a sample rounded to the nearest.

    `coarseness` are factors of the multiple for equal shares of the weights.
    """
    samples = list(_samples(weights))
    values = np.concatenate([sample.values for sample in samples])
    largest = np.concatenate([sample.of_channels(largest_of_channels(sample.weight)) for sample in samples])
    in_steps = 127 * values / np.maximum(largest, _TINY).astype(np.float64)
    bits = [_bits(np.rint(in_steps / multiple).astype(np.int64)) for multiple in MULTIPLES]
    at, powers = np.log2(coarseness), np.log2(MULTIPLES)
    found = {
        multiple: float(np.interp(np.log2(multiple) + at, powers, bits).mean()) for multiple in MULTIPLES
    }
    found[HALF] = _bits(as_halves(values, np.ones(1, np.float32)))
    return found


def fine_steps_of(
    weights: Sequence[Weight], steps_of: Callable[[Weight], FineSteps]
) -> dict[float, tuple[float, float]]:
    """By each multiple of FINER, bits of one of `weights`, estimated as above, and the change of a score."""
    samples = list(_samples(weights))
    total = sum(weight.values.size for weight in weights)
    found = {}
    for multiple in FINER:
        bits = change = 0.0
        for sample in samples:
            fine, share = steps_of(sample.weight), sample.weight.values.size / total
            steps = sample.of_channels(fine.at(multiple))
            bits += share * _bits(as_halves(round_finely(sample.values, steps), steps))
            change += share * fine.change(multiple)
        found[multiple] = bits, change
    return found


def _bits(numbers: NDArray[np.integer] | NDArray[np.float16]) -> float:
    """Of one of `numbers`, coded; 0 for none."""
    return 8 * coded_size(numbers) / max(len(numbers), 1)


@dataclass(frozen=True)
class _Sample:
    """Some values of a weight, evenly spread."""

    weight: Weight
    values: NDArray[np.float32]
    channels: NDArray[np.intp]

    def of_channels(self, each: NDArray[np.float32]) -> NDArray[np.float32]:
        """One of `each`, which are the channels', for every value."""
        return each.reshape(-1)[self.channels]


def _samples(weights: Sequence[Weight]) -> Iterator[_Sample]:
    every = max(sum(weight.values.size for weight in weights) // _SAMPLE, 1)
    before = 0
    for weight in weights:
        chosen = np.arange(-before % every, weight.values.size, every)
        channels = np.unravel_index(chosen, weight.values.shape)[weight.axis]
        yield _Sample(weight, weight.values.reshape(-1)[chosen], channels)
        before += weight.values.size


def choose(units: Sequence[Unit], change: float) -> tuple[float, ...]:
    """A multiple for each unit, with the fewest bits at a mean square change of at most about `change`."""
    low, high = -60.0, 200.0  # logarithms of the price
    for _ in range(60):
        middle = (low + high) / 2
        total = sum(unit.change(unit.best(2**middle)) for unit in units)
        low, high = (middle, high) if total > change else (low, middle)
    return tuple(unit.best(2**high) for unit in units)
