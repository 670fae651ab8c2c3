"""EfficientNet-B0 (Tan and Le, 2019, arXiv:1905.11946) from the package efficientnet-pytorch."""

import copy

from efficientnet_pytorch import EfficientNet
from torch import nn


def build(num_classes: int, height: int, width: int) -> nn.Module:
    # A fixed image size makes the padding static, which the ONNX export requires.
    network: nn.Module = EfficientNet.from_name(
        "efficientnet-b0", num_classes=num_classes, image_size=[height, width]
    )
    return network


def exportable(model: nn.Module) -> nn.Module:
    """Return a copy with swish as x · sigmoid(x): the memory-efficient one is a custom autograd function,
    which ONNX cannot express."""
    network = copy.deepcopy(model)
    network.set_swish(memory_efficient=False)  # type: ignore[operator]
    return network
