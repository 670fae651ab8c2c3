"""How far outputs may be from PyTorch's."""

from collections.abc import Mapping
from dataclasses import dataclass

ATOL = 1e-4
RTOL = 5e-5
PROBABILITIES = 1e-4


@dataclass(frozen=True)
class Tolerance:
    """For each output vector: `max|difference| ≤ atol + rtol · max|reference|`.

    A catalogue that gives none gets an adaptive one, which follows the scale of the outputs
    (`torch2web.verification.Bounds`).
    """

    atol: float = ATOL
    rtol: float = 0.0
    probabilities: float = PROBABILITIES
    """Largest absolute difference of a probability, where outputs become probabilities."""
    adaptive: bool = False
    """Multiply `atol` by the spread of the outputs where that is below 1, and accept four times the rounding
    error of PyTorch's own float32."""

    @classmethod
    def from_value(cls, value: float | Mapping[str, float] | None) -> "Tolerance":
        """Create from `tolerance` of a catalogue, which the schema has accepted; None: the default.

        A number is `atol` alone. It bounds probabilities too: a softmax changes a probability by half of the
        largest change of a logit at most.
        """
        if value is None:
            return cls(ATOL, RTOL, adaptive=True)
        if isinstance(value, Mapping):
            return cls(value["atol"], value.get("rtol", 0.0), value.get("probabilities", PROBABILITIES))
        return cls(float(value), probabilities=max(PROBABILITIES, value / 2))
