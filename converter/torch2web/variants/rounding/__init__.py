"""Rounding of weights with error compensation."""

from torch2web.variants.rounding.compensated import round_compensated
from torch2web.variants.rounding.encode import HALF, Rounding, encode_compensated
from torch2web.variants.rounding.halves import FineSteps, as_halves, round_finely
from torch2web.variants.rounding.second_moments import Calibration

__all__ = [
    "HALF",
    "Calibration",
    "FineSteps",
    "Rounding",
    "as_halves",
    "encode_compensated",
    "round_compensated",
    "round_finely",
]
