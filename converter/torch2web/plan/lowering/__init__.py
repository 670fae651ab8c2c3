"""From the intermediate representation to the engine's instructions."""

from torch2web.plan.lowering.graph import lower
from torch2web.plan.lowering.strides import merged

__all__ = [
    "lower",
    "merged",
]
