"""Other inputs and outputs: grey, multi-label, one logit, activations, embedding, regression."""

import torch
from torch import Tensor, nn


class Tiny(nn.Module):
    """Two convolutions, global average pooling, one linear layer, and an activation at the end."""

    def __init__(self, num_classes: int = 10, in_channels: int = 3, end: str = "") -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 24, 3, 2, 1), nn.ReLU()
        )
        self.fc = nn.Linear(24, num_classes)
        ends = {"softmax": nn.Softmax(1), "log_softmax": nn.LogSoftmax(1), "sigmoid": nn.Sigmoid()}
        self.end = ends.get(end, nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.end(self.fc(self.features(x).mean((2, 3))))
        return scores


class LeNet(nn.Module):
    """For grey images of 28 × 28."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 40)
        self.fc2 = nn.Linear(40, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.max_pool2d(torch.tanh(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.tanh(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        logits: Tensor = self.fc2(torch.tanh(self.fc1(x)))
        return logits


class OneLogit(nn.Module):
    """Squeezes its single logit: [batch]."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Tiny(1)

    def forward(self, x: Tensor) -> Tensor:
        logit: Tensor = self.body(x).squeeze(1)
        return logit


class Siamese(nn.Module):
    """An embedding of norm 1. Takes one image, or two as in training."""

    def __init__(self, dimensions: int = 32) -> None:
        super().__init__()
        self.branch = Tiny(dimensions)

    def forward(self, first: Tensor, second: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        embedding = nn.functional.normalize(self.branch(first), dim=1)
        if second is None:
            return embedding
        return embedding, nn.functional.normalize(self.branch(second), dim=1)


class BuiltInNormalize(nn.Module):
    """Keeps mean and std as plain tensors, and computes the size of its classifier with a dummy forward."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        self.stats = {"std": [torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)]}
        self.features = nn.Sequential(nn.Conv2d(3, 12, 3, 2, 1), nn.ReLU(), nn.AvgPool2d(4))
        size = self.features(torch.zeros(1, 3, 32, 32)).flatten(1).shape[1]
        self.fc = nn.Linear(size, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.stats["std"][0]
        logits: Tensor = self.fc(self.features(x).flatten(1))
        return logits


class Lazy(nn.Module):
    """Lazy layers, whose sizes are set by the first input."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(12, 3, stride=2)
        self.fc = nn.LazyLinear(num_classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(torch.relu(self.conv(x)).flatten(1))
        return logits


class MapOutput(nn.Module):
    """Output [batch, classes, 1, 1], as of fully convolutional classifiers."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.GroupNorm(4, 16), nn.LeakyReLU(0.1))
        self.classifier = nn.Conv2d(16, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(self.classifier(self.features(x)), 1)
