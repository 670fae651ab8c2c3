"""The networks that a checkpoint can hold: one module each, found by its name."""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from torch import nn


class Architecture(Protocol):
    """What a module in this package offers."""

    def build(self, num_classes: int, height: int, width: int) -> "nn.Module":
        """A network with fresh weights and `num_classes` outputs, for pictures of one size in pixels."""

    def exportable(self, model: "nn.Module") -> "nn.Module":
        """`model`, or a copy that computes the same in a form that ONNX can hold."""


def architecture_names() -> tuple[str, ...]:
    """Every architecture, sorted; imports none of them, so that listing them does not load torch."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load_architecture(name: str) -> Architecture:
    """Import the architecture `name`, one of `architecture_names()`."""
    return cast(Architecture, importlib.import_module(f"{__name__}.{name}"))
