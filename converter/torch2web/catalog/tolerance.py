"""How far outputs may be from PyTorch's."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """For each output vector: `max|difference| ≤ atol + rtol · max|reference|`."""

    atol: float
    rtol: float = 0.0
