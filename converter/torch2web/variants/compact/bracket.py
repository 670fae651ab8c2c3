"""Searches the largest change of scores that stays within a margin, by few measurements."""

import math
from dataclasses import dataclass

_AIM = 0.93
"""Share of the margin to aim at."""


@dataclass
class Bracket:
    """Mean square changes of a score: the next to try, the largest within the margin, the smallest beyond it.

    How much of the gate a candidate uses grows about as the root of the change, but by steps and with noise.
    As long as all lie on one side, the next is where that root meets the margin; then it is between the two.
    """

    change: float
    within: float = 0.0
    beyond: float = math.inf

    def measured(self, share: float, margin: float) -> None:
        """Take what the candidate of `change` used of the gate, and choose the next change."""
        if share <= margin:
            self.within = max(self.within, self.change)
        else:
            self.beyond = min(self.beyond, self.change)
        if self.within and math.isfinite(self.beyond):
            self.change = math.sqrt(self.within * self.beyond)
        else:
            self.change *= min(max(margin * _AIM / max(share, 1e-6), 0.2), 5.0) ** 2
