"""Layers that later seeds of the random networks have besides: of transformers, decoders, and rare ones."""

import torch
from torch import Tensor, nn

from tests.engine.plans.cases.networks import Builder, Residual
from tests.networks.resnet import StandardisedConv


class LastLayerNorm(nn.Module):
    """Layer normalization of the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return result


class PixelAttention(nn.Module):
    """Each pixel attends to all."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)

    def forward(self, x: Tensor) -> Tensor:
        _, channels, height, width = x.shape
        rows = self.qkv(x.flatten(2).transpose(1, 2))
        apart = rows.reshape(-1, height * width, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = apart[0] * 0.3, apart[1], apart[2]
        mixed = (query @ key.transpose(-2, -1)).softmax(-1) @ value
        rows = mixed.transpose(1, 2).reshape(-1, height * width, channels)
        result: Tensor = rows.transpose(1, 2).reshape(x.shape)
        return result


class Rolled(nn.Module):
    def __init__(self, by: int) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        return torch.roll(x, (self.by, -1), (2, 3))


class WiderBuilder(Builder):
    """Half of its layers are those of the others."""

    def layer(self) -> nn.Module:
        makers = (
            self.upsampled,
            self.transposed,
            self.normalized_channels,
            self.attention,
            self.standardised,
            self.rare,
        )
        if self.random.random() < 0.5:
            return super().layer()
        return makers[self.random.integers(len(makers))]()

    def activation(self) -> nn.Module:
        kinds = (
            nn.GELU,
            nn.ELU,
            nn.Mish,
            nn.SELU,
            nn.Softplus,
            nn.Softsign,
            nn.CELU,
            nn.PReLU,
        )
        if self.random.random() < 0.5:
            return super().activation()
        return kinds[self.random.integers(len(kinds))]()

    def upsampled(self) -> nn.Module:
        if max(self.height, self.width) > 20:
            return nn.Identity()
        mode = ("nearest", "bilinear", "bicubic")[self.random.integers(3)]
        corners = bool(self.random.random() < 0.5) if mode != "nearest" else None
        if self.random.random() < 0.5:
            self.height, self.width = 2 * self.height, 2 * self.width
            return nn.Upsample(scale_factor=2.0, mode=mode, align_corners=corners)
        self.height, self.width = (int(size) for size in self.random.integers(2, 24, 2))
        return nn.Upsample((self.height, self.width), mode=mode, align_corners=corners)

    def transposed(self) -> nn.Module:
        if max(self.height, self.width) > 20:
            return nn.Identity()
        kernel, stride, dilation = self.pick(1, 2, 3, 4), self.pick(1, 2, 3), self.pick(1, 1, 2)
        extra = self.pick(0, 1) if stride > 1 else 0
        padding = self.pick(0, 1) if min(self.height, self.width) > 3 else 0
        groups = self.channels if self.random.random() < 0.2 else 1
        outputs = groups * int(self.random.integers(1, 3 if groups > 1 else 20))
        conv = nn.ConvTranspose2d(
            self.channels,
            outputs,
            kernel,
            stride,
            padding,
            extra,
            groups,
            bool(self.random.random() < 0.5),
            dilation,
        )
        self.height, self.width = (
            (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1
            for size in (self.height, self.width)
        )
        self.channels = outputs
        return nn.Sequential(conv, self.activation())

    def normalized_channels(self) -> nn.Module:
        kinds = (
            lambda: LastLayerNorm(self.channels),
            lambda: nn.GroupNorm(1, self.channels),
            lambda: nn.GroupNorm(self.channels, self.channels),
            lambda: nn.InstanceNorm2d(self.channels, affine=True),
        )
        if self.height * self.width == 1 or self.channels == 1:  # nothing to normalize
            return nn.Identity()
        return kinds[self.random.integers(len(kinds))]()

    def attention(self) -> nn.Module:
        if self.height * self.width > 200:
            return nn.Identity()
        heads = self.pick(1, 2, 3)
        into = nn.Conv2d(self.channels, heads * 4, 1)
        self.channels = heads * 4
        return nn.Sequential(into, Residual(PixelAttention(self.channels, heads), nn.Identity()))

    def standardised(self) -> nn.Module:
        outputs = int(self.random.integers(8, 30))
        conv = StandardisedConv(self.channels, outputs, 3, 1, 1)
        self.channels = outputs
        return nn.Sequential(conv, self.activation())

    def rare(self) -> nn.Module:
        if min(self.height, self.width) < 4:
            return nn.Identity()
        if self.random.random() < 0.5:
            return Rolled(self.pick(1, 2))
        self.shrink(2, 2, 0)
        return nn.LPPool2d(self.pick(1, 2), 2)
