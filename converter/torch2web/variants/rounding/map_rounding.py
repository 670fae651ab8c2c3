"""The loop that rounds a layer whose input is a flattened feature map.

An error is corrected in three directions: in later places of the same channel and output, in later channels
of the same output, and in later outputs. Outputs are in blocks, each of which is rounded one channel behind
the block before it: so one loop over channels and places rounds them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from torch2web.variants.rounding.compensated import Integers, integer_type
from torch2web.variants.rounding.output_feedback import Feedback

_LAZY_PLACES = 32
"""Places after which an error is spread over all that follow, in one product of matrices."""

_LAZY_CHANNELS = 8
"""The same of channels."""


@dataclass(frozen=True)
class Spreading:
    """Where errors go, as calibration pictures say; channels are in the order of rounding."""

    order: NDArray[np.intp]
    """Channels, as the weights have them."""
    by_channel: NDArray[np.float32]
    """Upper triangle [channels, channels]."""
    by_place: NDArray[np.float32]
    """Upper triangle [places, places]."""
    mixed: NDArray[np.float32]
    """[channels, columns, places]: what an error of a channel does to the columns' sums at last."""
    making_up: Sequence[NDArray[np.float32]]
    """[places, columns] of each channel: what it makes up for of each sum that is missing."""


def round_map(
    spreading: Spreading,
    feedback: Feedback,
    weights: NDArray[np.floating],
    steps: NDArray[np.floating],
    largest: int,
    factors: NDArray[np.int64] | None,
) -> Integers:
    """`MapCompensation.round`."""
    channels, _, places = spreading.mixed.shape
    exact = np.asarray(weights[0].T, np.float32).reshape(channels, places, -1)
    factor = np.ones(channels, np.int64) if factors is None else factors[spreading.order]
    size = steps[0, :, 0].astype(np.float32)
    blocks = [_Block(spreading, exact, size, outputs, making_up) for outputs, making_up in feedback.blocks]
    integers = np.empty(exact.shape, integer_type(largest))
    off: dict[int, NDArray[np.float32]] = {}
    """By channel, what the outputs rounded so far are too small by, [places, outputs of all blocks]."""
    for turn in range(channels + len(blocks) - 1):
        now = [(block, turn - late) for late, block in enumerate(blocks) if 0 <= turn - late < channels]
        off[turn] = np.zeros((places, 0), np.float32)
        off.pop(turn - len(blocks), None)  # no block is left that corrects it
        values = [block.value(at, off[at]) for block, at in now]
        step = np.concatenate([block.steps * np.float32(factor[at]) for block, at in now])
        most = np.concatenate([np.full(len(block.steps), largest // int(factor[at])) for block, at in now])
        rounded = _rounded(spreading.by_place, np.concatenate(values, axis=1), step, most)
        start = 0
        for block, at in now:
            end = start + len(block.steps)
            found = rounded[:, start:end]
            integers[spreading.order[at]][:, block.outputs] = found * np.float32(factor[at])
            off[at] = np.concatenate([off[at], block.take(at, found * step[start:end])], axis=1)
            start = end
    return np.ascontiguousarray(integers.reshape(-1, len(size)).T)[np.newaxis]


def _rounded(
    spreading: NDArray[np.float32],
    values: NDArray[np.float32],
    step: NDArray[np.float32],
    largest: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Integers for `values` [places, outputs], each of one channel, which are overwritten."""
    places = len(values)
    rounded = np.empty_like(values)
    for first in range(0, places, _LAZY_PLACES):
        end = min(first + _LAZY_PLACES, places)
        errors = np.empty((end - first, values.shape[1]), np.float32)
        for at in range(first, end):
            rounded[at] = np.rint(values[at] / step).clip(-largest, largest)
            error = (values[at] - rounded[at] * step) / spreading[at, at]
            errors[at - first] = error
            values[at + 1 : end] -= np.outer(spreading[at, at + 1 : end], error)
        values[end:] -= spreading[first:end, end:].T @ errors
    return rounded


class _Block:
    """Outputs of a layer while its channels are rounded one after the other."""

    def __init__(
        self,
        of: Spreading,
        exact: NDArray[np.float32],
        steps: NDArray[np.float32],
        outputs: NDArray[np.intp],
        making_up: NDArray[np.float32],
    ) -> None:
        """`exact` [channels, places, all outputs] are the weights; `outputs` of them belong to the block."""
        self.outputs = outputs
        self.steps = steps[outputs]
        self._of, self._exact, self._making_up = of, exact, making_up
        self._values = exact[:, :, outputs][of.order]
        """[channels, places, outputs], with the errors of channels before."""
        self._errors = np.empty((_LAZY_CHANNELS, *self._values.shape[1:]), np.float32)
        self._missing = np.zeros((of.mixed.shape[1], len(outputs)), np.float32)
        """By how much the columns' sums are too small."""
        self._value = self._values[0]

    def value(self, at: int, off: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is to be rounded of the channel `at`, [places, outputs].

        `off` [places, outputs of the blocks before] is what these are too small by.
        """
        first = at // _LAZY_CHANNELS * _LAZY_CHANNELS
        value = self._values[at]
        for before in range(first, at):
            value -= self._of.by_channel[before, at] * self._errors[before - first]
        value += off @ self._making_up
        self._value = value
        wanted: NDArray[np.float32] = value + self._of.making_up[at] @ self._missing
        return wanted

    def take(self, at: int, rounded: NDArray[np.float32]) -> NDArray[np.float32]:
        """Spread the error of `rounded`, the channel's weights, and say what they are too small by."""
        spreading, channels = self._of.by_channel, len(self._values)
        first = at // _LAZY_CHANNELS * _LAZY_CHANNELS
        end = min(first + _LAZY_CHANNELS, channels)
        error = (self._value - rounded) / spreading[at, at]
        self._errors[at - first] = error
        self._missing += self._of.mixed[at] @ error
        if at + 1 == end < channels:
            errors = self._errors[: end - first]
            self._values[end:] -= np.tensordot(spreading[first:end, end:].T, errors, 1)
        off: NDArray[np.float32] = self._exact[self._of.order[at]][:, self.outputs] - rounded
        return off
