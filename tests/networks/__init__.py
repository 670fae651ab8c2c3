"""Small networks of common families: one table for all tests that build models.

Written with torch.nn alone and seeded; outputs differ between images as in trained networks.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

_SPREAD = 3.0
"""Standard deviation of the outputs between images, before an activation at the end."""


@dataclass(frozen=True)
class Network:
    """One network of the table, with the values of its catalogue entry."""

    factory: str
    """`module:function`, importable from the root of the checkout."""
    labels: int = 10
    """Labels that its task has; 0 for an embedding."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """For the factory; the number of classes is read from the state dict."""
    build_args: Mapping[str, Any] = field(default_factory=dict)
    """For building it in a test, besides `args`."""
    channels: int = 3
    size: tuple[int, int] = (32, 32)
    task: str = "softmax"


def _of(path: str, classes: int = 10, **options: Any) -> Network:
    return Network(f"tests.networks.{path}", classes, build_args={"num_classes": classes}, **options)


NETWORKS: dict[str, Network] = {
    "resnet_basic": _of("resnet:basic"),
    "resnet_bottleneck": _of("resnet:bottleneck", 7),
    "weight_standardised": _of("resnet:WeightStandardised"),
    "high_resolution": _of("upsampling:HighResolution", 6),
    "decoder": _of("upsampling:Decoder", 4),
    "vgg": _of("classic:Vgg"),
    "vgg_bn": _of("classic:Vgg", 5, args={"norm": True}),
    "densenet": _of("classic:DenseNet"),
    "inception": _of("classic:Inception", 6),
    "dict_output": _of("classic:DictOutput", 4),
    "squeezenet": _of("classic:SqueezeNet", 8),
    "mobilenet_v3": _of("mobile:MobileNetV3"),
    "shufflenet": _of("mobile:ShuffleNetV2"),
    "efficientnet_v2": _of("mobile:EfficientNetV2"),
    "regnet": _of("mobile:RegNet", 9),
    "convnext": _of("attention:ConvNext"),
    "vit": _of("attention:Vit"),
    "vit_sdpa": _of("attention:SdpaVit"),
    "swin": _of("attention:Swin", 4),
    "mixer": _of("attention:Mixer"),
    "lenet_grey": _of("heads:LeNet", channels=1, size=(28, 28)),
    "thousand": _of("heads:Tiny", 1000),
    "multi_label": _of("heads:Tiny", 5, task="sigmoid"),
    "one_logit": Network("tests.networks.heads:OneLogit", 2, task="binary"),
    "softmax_end": _of("heads:Tiny", 4, args={"end": "softmax"}, task="probabilities"),
    "sigmoid_end": _of("heads:Tiny", 4, args={"end": "sigmoid"}, task="probabilities"),
    "log_softmax_end": _of("heads:Tiny", 4, args={"end": "log_softmax"}),
    "siamese": Network("tests.networks.heads:Siamese", 0, task="embedding"),
    "regression": _of("heads:Tiny", 3, task="regression"),
    "built_in_normalize": _of("heads:BuiltInNormalize"),
    "lazy": _of("heads:Lazy"),
    "map_output": _of("heads:MapOutput"),
    "wide": _of("resnet:basic", 3, size=(24, 40)),
}


def build(name: str) -> "nn.Module":
    """The network `name` in eval mode, with the same weights in every run."""
    import torch
    from torch import nn

    entry = NETWORKS[name]
    module, _, attribute = entry.factory.partition(":")
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(sum(name.encode()))
        network: nn.Module = getattr(importlib.import_module(module), attribute)(
            **entry.args, **entry.build_args
        )
        images = torch.randn(16, entry.channels, *entry.size)
        network.eval()(images[:1])  # initialises lazy layers
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                assert layer.running_mean is not None
                assert layer.running_var is not None
                layer.running_mean.normal_(0, 0.1)
                layer.running_var.uniform_(0.1, 0.5)
        spread_outputs(network, images, _SPREAD)
    return network.eval()


def spread_outputs(network: "nn.Module", images: "torch.Tensor", spread: float) -> None:
    """Scale and shift the last layer so that outputs have the standard deviation `spread` over `images`."""
    import torch
    from torch import nn

    *_, head = (layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.Conv2d)))
    found: list[torch.Tensor] = []
    handle = head.register_forward_hook(lambda *args: found.append(args[2]))
    with torch.no_grad():
        network(images)
        handle.remove()
        outputs = found[0].flatten(2).mean(2) if found[0].ndim > 2 else found[0]
        factor = spread / outputs.std(dim=0).mean()
        head.weight *= factor
        assert head.bias is not None
        head.bias *= factor
        head.bias -= outputs.mean(dim=0) * factor
