"""VGG, SqueezeNet, DenseNet and Inception, with few channels."""

from typing import Any

import torch
from torch import Tensor, nn


class Vgg(nn.Module):
    def __init__(self, num_classes: int = 10, *, norm: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in (8, 16, 24):
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            layers += [nn.BatchNorm2d(width)] if norm else []
            layers += [nn.ReLU(inplace=True), nn.MaxPool2d(2, 2)]
            channels = width
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((2, 2))
        self.classifier = nn.Sequential(
            nn.Linear(channels * 4, 32), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(32, num_classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))
        return logits


class Fire(nn.Module):
    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.squeeze(x))
        return torch.cat([torch.relu(self.expand1x1(x)), torch.relu(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """Its classifier is a 1 × 1 convolution."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(16, 4, 12),
            Fire(24, 6, 16),
        )
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(32, num_classes, 1), nn.AdaptiveAvgPool2d(1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.flatten(self.classifier(self.features(x)), 1)


class DenseNet(nn.Module):
    def __init__(self, num_classes: int = 10, growth: int = 6) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, 2, 1, bias=False)
        self.layers = nn.ModuleList()
        channels = 12
        for _ in range(3):
            self.layers.append(
                nn.Sequential(
                    nn.BatchNorm2d(channels),
                    nn.ReLU(),
                    nn.Conv2d(channels, 16, 1, bias=False),
                    nn.BatchNorm2d(16),
                    nn.ReLU(),
                    nn.Conv2d(16, growth, 3, padding=1, bias=False),
                )
            )
            channels += growth
        self.norm = nn.BatchNorm2d(channels)
        self.transition = nn.Sequential(nn.Conv2d(channels, 16, 1), nn.AvgPool2d(2, 2))
        self.classifier = nn.Linear(16, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        features = [self.stem(x)]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        out = self.transition(torch.relu(self.norm(torch.cat(features, 1))))
        logits: Tensor = self.classifier(nn.functional.adaptive_avg_pool2d(out, (1, 1)).flatten(1))
        return logits


class Inception(nn.Module):
    """Returns its logits and those of an auxiliary classifier, in evaluation too."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 12, 3, 2, 1), nn.BatchNorm2d(12, eps=0.001), nn.ReLU())
        self.one = nn.Conv2d(12, 8, 1)
        self.factored = nn.Sequential(
            nn.Conv2d(12, 6, 1),
            nn.Conv2d(6, 8, (1, 7), padding=(0, 3)),
            nn.Conv2d(8, 8, (7, 1), padding=(3, 0)),
        )
        self.pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.Conv2d(12, 8, 1))
        self.auxiliary = nn.Linear(24, num_classes)
        self.fc = nn.Linear(24, num_classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(x)
        x = torch.relu(torch.cat([self.one(x), self.factored(x), self.pooled(x)], 1))
        return self.fc(x.mean((2, 3))), self.auxiliary(x.amax((2, 3)))


class DictOutput(Vgg):
    """Returns a dict, as networks for segmentation and of Hugging Face do."""

    def forward(self, x: Tensor) -> Any:
        features = self.features(x)
        return {"features": features, "out": self.classifier(torch.flatten(self.avgpool(features), 1))}
