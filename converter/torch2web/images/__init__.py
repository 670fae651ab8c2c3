"""Preprocessing of images to input tensors, and the golden input of the self-check."""

from torch2web.images.golden import golden_input
from torch2web.images.preprocessing import FILTERS, Preprocessing, preprocess
from torch2web.images.steps import Resize, read_steps, size_after

__all__ = [
    "FILTERS",
    "Preprocessing",
    "Resize",
    "golden_input",
    "preprocess",
    "read_steps",
    "size_after",
]
