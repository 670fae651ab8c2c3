"""Reduced-precision variants of a model: encoding, measurement against PyTorch, acceptance."""

from torch2web.catalog import EXACT
from torch2web.variants.complexity import Complexity, measure_complexity
from torch2web.variants.encodings import ENCODINGS, Tensors, decode_all
from torch2web.variants.features import POOLED, NoLayerError, features_graph
from torch2web.variants.heatmap import heatmap_graph
from torch2web.variants.rounding import Calibration
from torch2web.variants.selection import COMPACT, Refused, Search, Variant, make_variants
from torch2web.variants.split import SplitModel, split_model

__all__ = [
    "COMPACT",
    "ENCODINGS",
    "EXACT",
    "POOLED",
    "Calibration",
    "Complexity",
    "NoLayerError",
    "Refused",
    "Search",
    "SplitModel",
    "Tensors",
    "Variant",
    "decode_all",
    "features_graph",
    "heatmap_graph",
    "make_variants",
    "measure_complexity",
    "split_model",
]
