"""What a file says of its model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LikelyNetwork:
    """A network that the weights may belong to."""

    option: str
    """`--factory`, `--timm` or `--architecture`."""
    name: str
    """Value of the option; empty where only the kind of network is known."""
    reason: str
    """For people: how it is known."""
    certain: bool
    """Whether the file names the network, and its weights fit."""
    fits: bool = True
    """Whether every name and shape fits; else it is only the closest."""


@dataclass(frozen=True)
class FileFacts:
    """Facts of one file; empty or None where the file does not say."""

    format: str
    """For people, such as `PyTorch checkpoint`."""
    holds_network: bool = False
    """Whether the file holds the network itself: ONNX, an exported program or TorchScript."""
    weights_key: str = ""
    """Of the state dict that these facts are of."""
    tensors: int = 0
    parameters: int = 0
    outputs: int | None = None
    """How many numbers the network gives for an image."""
    outputs_reason: str = ""
    """For people, such as `fc.weight has 4 rows`."""
    several_outputs: bool = False
    """Whether the network seems to have more than one output."""
    channels: int | None = None
    """Channels of the network's input."""
    size: tuple[int, int] | None = None
    """Height and width of the network's input."""
    labels: tuple[str, ...] = ()
    labels_origin: str = ""
    """Where the labels are, such as `class_to_idx`."""
    preprocessing: Mapping[str, Any] | None = None
    """`preprocessing` of an entry, from a file beside."""
    preprocessing_origin: str = ""
    networks: tuple[LikelyNetwork, ...] = ()
    """The most likely first."""
