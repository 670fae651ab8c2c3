"""EfficientNet-B0 (Tan and Le, 2019, arXiv:1905.11946) as the efficientnet-pytorch package has it."""

import copy

from efficientnet_pytorch import EfficientNet
from torch import nn


def build(num_classes: int, height: int, width: int) -> nn.Module:
    # A known image size makes the padding static, as an exported graph needs it.
    network: nn.Module = EfficientNet.from_name(
        "efficientnet-b0", num_classes=num_classes, image_size=[height, width]
    )
    return network


def exportable(model: nn.Module) -> nn.Module:
    """A copy whose swish is x · sigmoid(x): the memory-saving one is an autograd function, which
    has no ONNX form."""
    network = copy.deepcopy(model)
    network.set_swish(memory_efficient=False)  # type: ignore[operator]
    return network
