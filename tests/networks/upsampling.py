"""Networks that make feature maps larger again: HRNet's exchange of resolutions, and a decoder."""

import torch
from torch import Tensor, nn


class HighResolution(nn.Module):
    """Two resolutions side by side (Wang et al., 2019): what each gets of the other is resized."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, 2, 1)
        self.down = nn.Conv2d(12, 16, 3, 2, 1)
        self.narrow = nn.Sequential(nn.Conv2d(16, 12, 1), nn.Upsample(scale_factor=2.0, mode="nearest"))
        self.wide = nn.Conv2d(12, 16, 3, 2, 1)
        self.fc = nn.Linear(28, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        high = torch.relu(self.stem(x))
        low = torch.relu(self.down(high))
        high, low = torch.relu(high + self.narrow(low)), torch.relu(low + self.wide(high))
        back = nn.functional.interpolate(low, size=high.shape[2:], mode="bilinear", align_corners=False)
        logits: Tensor = self.fc(torch.cat([high, back], 1).mean((2, 3)))
        return logits


class Decoder(nn.Module):
    """Transposed convolutions, as in the decoders of segmentation, before the classes are counted."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.encode = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 24, 3, 2, 1), nn.ReLU()
        )
        self.decode = nn.Sequential(
            nn.ConvTranspose2d(24, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 16, 3, 2, 1, 1, groups=4)
        )
        self.head = nn.Conv2d(16, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(torch.relu(self.decode(self.encode(x)))).mean((2, 3))
        return logits
