"""Pickles, read by a machine that imports and calls nothing."""

from torch2web.sources.checkpoint.pickled.constructors import Constructors
from torch2web.sources.checkpoint.pickled.machine import PickleMachine
from torch2web.sources.checkpoint.pickled.numpy_values import array_of
from torch2web.sources.checkpoint.pickled.stream import (
    PickledContent,
    load_storage,
    persistent_storage,
    read_stream,
)
from torch2web.sources.checkpoint.pickled.tensor_constructors import from_array

__all__ = [
    "Constructors",
    "PickleMachine",
    "PickledContent",
    "array_of",
    "from_array",
    "load_storage",
    "persistent_storage",
    "read_stream",
]
