"""MobileNetV3, ShuffleNetV2, EfficientNetV2 and RegNet, with few channels."""

import torch
from torch import Tensor, nn


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, max(channels // 4, 4), 1)
        self.fc2 = nn.Conv2d(max(channels // 4, 4), channels, 1)
        self.gate = activation()

    def forward(self, x: Tensor) -> Tensor:
        scale = self.gate(self.fc2(torch.relu(self.fc1(nn.functional.adaptive_avg_pool2d(x, 1)))))
        result: Tensor = scale * x
        return result


def _unit(
    inputs: int, outputs: int, kernel: int, stride: int, act: type[nn.Module], groups: int = 1
) -> nn.Module:
    padding = (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=0.001),
        act(),
    )


class Inverted(nn.Module):
    def __init__(self, channels: int, hidden: int, act: type[nn.Module], gate: type[nn.Module]) -> None:
        super().__init__()
        self.block = nn.Sequential(
            _unit(channels, hidden, 1, 1, act),
            _unit(hidden, hidden, 5, 1, act, hidden),
            SqueezeExcite(hidden, gate),
            _unit(hidden, channels, 1, 1, nn.Identity),
        )

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.block(x)
        return result


class MobileNetV3(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _unit(3, 16, 3, 2, nn.Hardswish),
            Inverted(16, 48, nn.Hardswish, nn.Hardsigmoid),
            _unit(16, 64, 1, 1, nn.Hardswish),
        )
        self.classifier = nn.Sequential(
            nn.Linear(64, 48), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(48, num_classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(x).mean((2, 3)))
        return logits


class EfficientNetV2(nn.Module):
    """Fused and plain inverted residuals, SiLU, stochastic depth that does nothing in evaluation."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.stem = _unit(3, 12, 3, 2, nn.SiLU)
        self.fused = nn.Sequential(_unit(12, 24, 3, 1, nn.SiLU), _unit(24, 12, 1, 1, nn.Identity))
        self.blocks = nn.Sequential(Inverted(12, 36, nn.SiLU, nn.Sigmoid), _unit(12, 48, 1, 1, nn.SiLU))
        self.drop = nn.Dropout(0.3)
        self.classifier = nn.Linear(48, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = x + self.fused(x)
        logits: Tensor = self.classifier(self.drop(self.blocks(x).mean((2, 3))))
        return logits


class ShuffleUnit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            _unit(half, half, 1, 1, nn.ReLU),
            _unit(half, half, 3, 1, nn.Identity, half),
            _unit(half, half, 1, 1, nn.ReLU),
        )

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, dim=1)
        out = torch.cat((first, self.branch(second)), dim=1)
        batch, channels, height, width = out.size()
        out = out.view(batch, 2, channels // 2, height, width).transpose(1, 2).contiguous()
        return out.view(batch, channels, height, width)


class ShuffleNetV2(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(_unit(3, 16, 3, 2, nn.ReLU), nn.MaxPool2d(3, 2, 1))
        self.stages = nn.Sequential(ShuffleUnit(16), ShuffleUnit(16), _unit(16, 40, 1, 1, nn.ReLU))
        self.fc = nn.Linear(40, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.stages(self.stem(x)).mean([2, 3]))
        return logits


class RegNet(nn.Module):
    """Computes its widths from values of tensors in __init__, as in torchvision."""

    def __init__(self, num_classes: int = 10, slope: float = 8.0) -> None:
        super().__init__()
        continuous = torch.arange(3) * slope + 8
        widths = (torch.round(continuous / 8) * 8).int().tolist()
        layers: list[nn.Module] = []
        channels = 3
        for width in widths:
            layers += [_unit(channels, width, 3, 2, nn.ReLU), _unit(width, width, 3, 1, nn.ReLU, width // 8)]
            channels = width
        self.trunk = nn.Sequential(*layers)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(nn.functional.adaptive_avg_pool2d(self.trunk(x), 1).flatten(1))
        return logits
