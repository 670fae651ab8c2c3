"""What the outputs of a network mean."""

from torch2web.tasks.classification import softmax

__all__ = [
    "softmax",
]
