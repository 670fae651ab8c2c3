"""The variant `compact`: the coarsest weights, chosen layer by layer, whose outputs pass the gate."""

from torch2web.variants.compact.search import Candidate, CompactSearch, Point

__all__ = ["Candidate", "CompactSearch", "Point"]
