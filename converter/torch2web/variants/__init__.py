"""Reduced-precision variants of a model: encoding, measurement against PyTorch, acceptance."""

from torch2web.catalog import EXACT
from torch2web.variants.encodings import Tensors, decode_all
from torch2web.variants.selection import Refused, Variant, make_variants
from torch2web.variants.split import SplitModel, split_model

__all__ = [
    "EXACT",
    "Refused",
    "SplitModel",
    "Tensors",
    "Variant",
    "decode_all",
    "make_variants",
    "split_model",
]
