"""Postprocessing of model outputs."""

from torch2web.tasks.classification import softmax

__all__ = [
    "softmax",
]
