"""Rewrites of an exported graph that keep its meaning."""

from torch2web.sources.graph_passes.fold_weights import fold_weights
from torch2web.sources.graph_passes.split_means import split_means

__all__ = [
    "fold_weights",
    "split_means",
]
