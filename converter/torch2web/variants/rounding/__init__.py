"""Rounding of weights with error compensation."""

from torch2web.variants.rounding.compensated import round_compensated
from torch2web.variants.rounding.encode import HALF, Rounding, encode_compensated

__all__ = ["HALF", "Rounding", "encode_compensated", "round_compensated"]
