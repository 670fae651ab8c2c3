"""Rounding of weights with error compensation."""

from torch2web.variants.rounding.compensated import round_compensated
from torch2web.variants.rounding.encode import HALF, Rounding, encode_compensated
from torch2web.variants.rounding.halves import as_halves, on_grid
from torch2web.variants.rounding.second_moments import Calibration

__all__ = [
    "HALF",
    "Calibration",
    "Rounding",
    "as_halves",
    "encode_compensated",
    "on_grid",
    "round_compensated",
]
