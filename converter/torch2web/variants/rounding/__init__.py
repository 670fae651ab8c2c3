"""Rounding of weights with error compensation, on calibration pictures that no reference run has."""

from torch2web.variants.rounding.compensated import round_compensated
from torch2web.variants.rounding.encode import encode_compensated

__all__ = ["encode_compensated", "round_compensated"]
