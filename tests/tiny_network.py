"""Networks that take a moment to convert, in the place of a catalogue's: they differ in their activation."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class TinyNetwork(nn.Module):
    """One convolution with enough weights to be stored apart, and four classes."""

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.conv = nn.Conv2d(3, 16, 16, stride=16)
        self.head = nn.Linear(16, 4)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / 8)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.activation(self.conv(x)).mean((2, 3))
        logits: Tensor = self.head(pooled) * 8
        return logits


def plannable(*_: object) -> nn.Module:
    """In the place of `load_model`: a network that the compiled backend runs."""
    return TinyNetwork(torch.relu).eval()


def unplannable(*_: object) -> nn.Module:
    """The same with an operator that it does not know: Erf."""
    return TinyNetwork(torch.erf).eval()
