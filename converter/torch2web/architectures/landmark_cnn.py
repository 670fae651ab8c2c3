"""LandmarkCNN: three blocks of convolution, ReLU and max pooling, then two linear layers.

Channels 3 → 32 → 64 → 128, height and width halved three times, then features → 512 → classes. An input of
224 × 224 pixels has 128 · 28 · 28 = 100,352 features; the first linear layer has 99.8 % of the weights.
"""

import torch
from torch import Tensor, nn

_HIDDEN = 512


class LandmarkCNN(nn.Module):
    """Logits [batch, classes] of images [batch, 3, height, width], float32."""

    def __init__(self, num_classes: int, height: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv3 = nn.Conv2d(64, 128, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(128 * (height // 8) * (width // 8), _HIDDEN)
        self.dropout = nn.Dropout(0.5)
        self.fc2 = nn.Linear(_HIDDEN, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        for convolution in (self.conv1, self.conv2, self.conv3):
            x = self.pool(torch.relu(convolution(x)))
        hidden = torch.relu(self.fc1(torch.flatten(x, 1)))
        logits: Tensor = self.fc2(self.dropout(hidden))
        return logits


def build(num_classes: int, height: int, width: int) -> nn.Module:
    return LandmarkCNN(num_classes, height, width)


def exportable(model: nn.Module) -> nn.Module:
    return model
