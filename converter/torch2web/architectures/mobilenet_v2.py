"""MobileNetV2 (Sandler et al., 2018, arXiv:1801.04381), width 1.0.

Parameter names and arithmetic are those of torchvision's `mobilenet_v2`: its state dicts load with
`strict=True` and give bit-identical logits.
"""

import torch
from torch import Tensor, nn

# t: expansion, c: output channels, n: repeats, s: stride of the first (table 2 of the paper).
_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    padding = (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class _InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_convolution(inputs, hidden, 1)]
        layers += [
            _convolution(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    """Logits [batch, classes] of images [batch, 3, height, width], float32."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(3, 32, 3, stride=2)]
        channels = 32
        for expansion, outputs, repeats, stride in _BLOCKS:
            for index in range(repeats):
                layers.append(_InvertedResidual(channels, outputs, stride if index == 0 else 1, expansion))
                channels = outputs
        layers.append(_convolution(channels, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.features(x)
        logits: Tensor = self.classifier(
            torch.flatten(nn.functional.adaptive_avg_pool2d(features, (1, 1)), 1)
        )
        return logits


def build(num_classes: int, height: int, width: int) -> nn.Module:  # noqa: ARG001 (fully convolutional)
    return MobileNetV2(num_classes)


def exportable(model: nn.Module) -> nn.Module:
    return model
