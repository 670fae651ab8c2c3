"""Network architectures, one module each; the module name is the catalogue's `architecture`."""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from torch import nn


class Architecture(Protocol):
    """Interface of a module in this package."""

    def build(self, num_classes: int, height: int, width: int) -> "nn.Module":
        """Create the network, untrained: [batch, 3, height, width] → logits [batch, num_classes]."""

    def exportable(self, model: "nn.Module") -> "nn.Module":
        """Return `model`, or an equivalent copy made of operators that ONNX can express."""


def architecture_names() -> tuple[str, ...]:
    """Names of all architectures, sorted. Imports none of them, so that listing does not load torch."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load_architecture(name: str) -> Architecture:
    """Import the architecture `name`, one of `architecture_names()`."""
    return cast(Architecture, importlib.import_module(f"{__name__}.{name}"))
