"""Parts of seeded random networks: chains and blocks of what convolutional networks are made of."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

_ACTIVATIONS = (
    nn.ReLU,
    nn.ReLU6,
    nn.SiLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.Hardswish,
    nn.Hardsigmoid,
    lambda: nn.LeakyReLU(0.1),
    nn.Identity,
)

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]

_OF_ITSELF: tuple[PaddingMode, ...] = ("reflect", "replicate", "circular")


class Residual(nn.Module):
    def __init__(self, body: nn.Module, after: nn.Module) -> None:
        super().__init__()
        self.body, self.after = body, after

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.after(x + self.body(x))
        return result


class Gate(nn.Module):
    """Squeeze-and-excite."""

    def __init__(self, channels: int, hidden: int, middle: nn.Module, last: nn.Module) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1)
        self.middle, self.last = middle, last

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        gate: Tensor = self.last(self.second(self.middle(self.first(mean))))
        return x * gate


class Branches(nn.Module):
    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


class Shuffle(nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        _, channels, height, width = x.shape
        apart = x.reshape(-1, self.groups, channels // self.groups, height, width).transpose(1, 2)
        return apart.reshape(-1, channels, height, width)


class Builder:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        # A generator of its own, so that choices added later do not change the others.
        self.variety = np.random.default_rng([seed, 1])
        self.channels = int(self.random.integers(1, 5))
        self.height, self.width = (int(side) for side in self.random.integers(9, 26, 2))
        self.shape = (self.channels, self.height, self.width)

    def network(self) -> nn.Module:
        layers = [self.layer() for _ in range(self.random.integers(2, 8))]
        return nn.Sequential(*layers, self.head())

    def pick(self, *options: int) -> int:
        return int(self.random.choice(options))

    def activation(self) -> nn.Module:
        made: nn.Module = _ACTIVATIONS[self.random.integers(len(_ACTIVATIONS))]()
        return made

    def varies(self) -> bool:
        return bool(self.variety.random() < 0.3)

    def shrink(self, kernel: int, stride: int, padding: int, dilation: int = 1, *, up: bool = False) -> None:
        """Update the size. `up`: ceil mode, which drops a last window that would begin in the padding."""
        extent = (kernel - 1) * dilation + 1
        self.height, self.width = (
            min(
                (side + 2 * padding - extent + (stride - 1) * up) // stride + 1,
                (side + padding - 1) // stride + 1,
            )
            if up
            else (side + 2 * padding - extent) // stride + 1
            for side in (self.height, self.width)
        )

    def around(self) -> list[nn.Module]:
        """Sometimes a separate padding layer: asymmetric, with zeros or pixels of the image."""
        if not self.varies():
            return []
        left, right, top, bottom = (int(side) for side in self.variety.integers(0, 3, 4))
        kinds: list[Callable[..., nn.Module]] = [nn.ZeroPad2d]
        if min(self.height, self.width) > 2:
            kinds += [nn.ReflectionPad2d, nn.ReplicationPad2d, nn.CircularPad2d]
        self.height += top + bottom
        self.width += left + right
        return [kinds[self.variety.integers(len(kinds))]((left, right, top, bottom))]

    def layer(self) -> nn.Module:
        makers = (
            self.conv,
            self.conv,
            self.inverted,
            self.inverted,
            self.pool,
            self.residual,
            self.branches,
            self.shuffled,
        )
        return makers[self.random.integers(len(makers))]()

    def normalized(self, conv: nn.Conv2d) -> list[nn.Module]:
        return [conv, nn.BatchNorm2d(conv.out_channels)] if self.random.random() < 0.6 else [conv]

    def conv(self) -> nn.Module:
        padded = self.around()
        kernel, stride, dilation = self.pick(1, 1, 3, 3, 5), self.pick(1, 1, 2), self.pick(1, 1, 1, 2)
        padding = self.pick(0, kernel // 2, kernel // 2)
        if min(self.height, self.width) + 2 * padding < (kernel - 1) * dilation + 1:
            kernel, padding, dilation = 1, 0, 1
        outputs = int(self.random.integers(1, 33))
        bias = self.random.random() < 0.5
        mode: PaddingMode = "zeros"
        if 0 < padding < min(self.height, self.width) and self.varies():
            mode = _OF_ITSELF[self.variety.integers(len(_OF_ITSELF))]
        conv = nn.Conv2d(
            self.channels, outputs, kernel, stride, padding, dilation, bias=bias, padding_mode=mode
        )
        self.channels = outputs
        self.shrink(kernel, stride, padding, dilation)
        return nn.Sequential(*padded, *self.normalized(conv), self.activation())

    def inverted(self) -> nn.Module:
        """Pointwise, depthwise, pointwise, with the optional layers between them."""
        inputs, stride, kernel = self.channels, self.pick(1, 1, 2), self.pick(3, 3, 5)
        middle = inputs * self.pick(1, 2, 6)
        layers = (
            [*self.normalized(nn.Conv2d(inputs, middle, 1)), self.activation()] if middle > inputs else []
        )
        deep = middle * (2 if self.varies() else 1)
        depthwise = nn.Conv2d(middle, deep, kernel, stride, kernel // 2, groups=middle)
        layers += [*self.normalized(depthwise), self.activation()]
        if self.random.random() < 0.5:
            layers.append(Gate(deep, self.pick(1, 4, 9), self.activation(), nn.Sigmoid()))
        keeps = stride == 1 and self.random.random() < 0.6
        outputs = inputs if keeps else int(self.random.integers(1, 40))
        layers += self.normalized(nn.Conv2d(deep, outputs, 1))
        self.channels = outputs
        self.shrink(kernel, stride, kernel // 2)
        body = nn.Sequential(*layers)
        return Residual(body, self.activation()) if keeps else body

    def pool(self) -> nn.Module:
        if min(self.height, self.width) < 4:
            return nn.Identity()
        kernel, stride = self.pick(2, 3), self.pick(1, 2)
        padding = self.pick(0, 1)
        up = self.varies()
        self.shrink(kernel, stride, padding, up=up)
        if self.random.random() < 0.5:
            return nn.MaxPool2d(kernel, stride, padding, ceil_mode=up)
        counted = bool(self.random.random() < 0.5)
        return nn.AvgPool2d(kernel, stride, padding, ceil_mode=up, count_include_pad=counted)

    def residual(self) -> nn.Module:
        conv = nn.Conv2d(self.channels, self.channels, 3, padding=1)
        return Residual(nn.Sequential(*self.normalized(conv), self.activation()), self.activation())

    def branches(self) -> nn.Module:
        outputs = [int(size) for size in self.random.integers(1, 12, 2)]
        first = nn.Conv2d(self.channels, outputs[0], 1)
        second = nn.Sequential(nn.Conv2d(self.channels, outputs[1], 3, padding=1), self.activation())
        extra = [nn.Identity()] if self.random.random() < 0.5 else []
        self.channels = sum(outputs) + (self.channels if extra else 0)
        return Branches(first, second, *extra)

    def shuffled(self) -> nn.Module:
        groups = self.pick(2, 3)
        each = int(self.random.integers(1, 5))
        into = nn.Conv2d(self.channels, groups * each, 1)
        self.channels = groups * each
        grouped = nn.Conv2d(self.channels, self.channels, 3, padding=1, groups=groups)
        return nn.Sequential(into, Shuffle(groups), *self.normalized(grouped), self.activation())

    def head(self) -> nn.Module:
        if self.random.random() < 0.4:
            return nn.Sequential(nn.Flatten(), nn.Linear(self.channels * self.height * self.width, 5))
        hidden = self.pick(3, 16)
        return nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(self.channels, hidden),
            self.activation(),
            nn.Dropout(),
            nn.Linear(hidden, 7),
            *([nn.Softmax(1)] if self.random.random() < 0.3 else []),
        )
