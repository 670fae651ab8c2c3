"""One model's conversion, from its source to variants that the gate let pass."""

from torch2web.pipeline.conversion.convert import convert

__all__ = ["convert"]
