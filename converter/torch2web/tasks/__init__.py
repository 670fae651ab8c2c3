from torch2web.tasks.classification import softmax

__all__ = [
    "softmax",
]
