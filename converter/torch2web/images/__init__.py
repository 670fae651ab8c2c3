"""Preprocessing of images to input tensors, and the golden input of the self-check."""

from torch2web.images.golden import golden_input
from torch2web.images.preprocessing import FILTERS, Preprocessing, open_image, preprocess
from torch2web.images.steps import (
    CenterCrop,
    Colour,
    Grey,
    Letterbox,
    Pad,
    Resize,
    Size,
    Step,
    channels_after,
    read_steps,
    size_after,
)

__all__ = [
    "FILTERS",
    "CenterCrop",
    "Colour",
    "Grey",
    "Letterbox",
    "Pad",
    "Preprocessing",
    "Resize",
    "Size",
    "Step",
    "channels_after",
    "golden_input",
    "open_image",
    "preprocess",
    "read_steps",
    "size_after",
]
