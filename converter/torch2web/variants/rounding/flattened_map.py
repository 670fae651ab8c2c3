"""Error compensation for layers that multiply a flattened feature map, of which calibration sees few.

Few pictures say how the sums with their own inputs come out, which the columns keep exact, and nothing of
other directions. What they do say is how channels go together, over all places, and how places go together,
over all channels. The moments of inputs are taken as the product of both (Kronecker) besides those of the
columns, so that errors are moved to where maps of any picture have little: into fine detail, and across
channels. Channels are rounded one after the other. How much each matters gives its steps.
"""

import numpy as np
from numpy.typing import NDArray

from torch2web.variants.rounding.compensated import Integers
from torch2web.variants.rounding.map_rounding import Spreading, round_map
from torch2web.variants.rounding.output_feedback import Feedback

_PRIOR = 0.3
"""Weight of what any picture may have, besides the columns, as a share of their moments."""

_DAMPING_CHANNELS = 0.002
"""Added to the diagonal of the channels' moments, as a share of its mean."""

_DAMPING_PLACES = 0.02
"""The same of the places'."""

LARGEST_FACTOR = 126
"""The coarsest steps as multiples of the finest: integers of 8 bits are 0 and the factor."""


class MapCompensation:
    """By columns [columns, channels × places] of one group, and by the moments of channels and places."""

    def __init__(
        self, columns: NDArray[np.floating], channels: int, feedback: Feedback | None = None
    ) -> None:
        """`feedback` between the layer's outputs; None: they are rounded independently of each other."""
        self._feedback = feedback
        found = columns.astype(np.float64).reshape(len(columns), channels, -1).transpose(1, 0, 2)
        between = np.einsum("cnp,dnp->cd", found, found, optimize=True) / found[0].size
        power = np.diag(between)
        mean = float(power.mean()) or 1.0
        order = np.argsort(-power, kind="stable")
        found = found[order]
        damped = between[np.ix_(order, order)] + _DAMPING_CHANNELS * mean * np.eye(channels)
        by_channel, _ = _triangle(damped)
        by_place, inverse = _triangle(_moments_of_places(found) + _DAMPING_PLACES * np.eye(found.shape[2]))
        prior = _PRIOR * len(columns)
        left = np.eye(len(columns))
        mixed, making_up = np.empty(found.shape, np.float32), []
        for channel in reversed(range(channels)):
            together = np.tensordot(by_channel[channel, channel:], found[channel:], 1)
            spread = inverse @ together.T / prior
            left += together @ spread
            mixed[channel] = together
            making_up.append((by_channel[channel, channel] * spread @ np.linalg.inv(left)).astype(np.float32))
        self._spreading = Spreading(
            order, by_channel.astype(np.float32), by_place.astype(np.float32), mixed, making_up[::-1]
        )
        coarseness: NDArray[np.float64] = np.empty(channels)
        coarseness[order] = np.diag(by_channel)
        self.coarseness = coarseness / np.exp(np.log(coarseness).mean())
        """By channel, the steps that cost the fewest bits, over their geometric mean."""

    def factors(self, multiple: float) -> tuple[float, NDArray[np.int64]]:
        """The finest steps, as a multiple, and those of each channel as multiples of them.

        Their geometric mean is about `multiple`. Multiples of 2 at least leave room for what rounding adds to
        the largest integers.
        """
        wanted = multiple * self.coarseness
        finest = float(min(max(wanted.min(), 1.0), 2.0))
        return finest, np.rint(wanted / finest).clip(1, LARGEST_FACTOR).astype(np.int64)

    def round(
        self,
        weights: NDArray[np.floating],
        steps: NDArray[np.floating],
        largest: int,
        factors: NDArray[np.int64] | None = None,
    ) -> Integers:
        """As `Compensation`, with `steps` of outputs, [1, outputs, 1]. Computed in float32.

        Integers of a channel are multiples of its entry in `factors`, if given.
        """
        feedback = self._feedback or Feedback.none(weights.shape[1])
        return round_map(self._spreading, feedback, weights, steps, largest, factors)


def _moments_of_places(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """[places, places] of [channels, columns, places], the mean over channels of the same power."""
    power = np.square(found).mean(axis=(1, 2))
    seen = found[power > 1e-4 * power.mean()]
    if not len(seen):
        return np.eye(found.shape[2])
    even = seen / np.sqrt(np.square(seen).mean(axis=(1, 2), keepdims=True))
    rows = even.reshape(-1, found.shape[2])
    moments: NDArray[np.float64] = rows.T @ rows / len(rows)
    return moments


def _triangle(moments: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The upper triangle U with Uᵀ·U = inverse of `moments`, and that inverse."""
    inverse = np.linalg.inv(moments)
    symmetric = np.asarray((inverse + inverse.T) / 2, np.float64)
    return np.asarray(np.linalg.cholesky(symmetric).T, np.float64), symmetric
