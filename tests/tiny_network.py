"""Tiny networks, which convert in a moment, in place of a catalogue's; they differ in their activation."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from torch2web.catalog.load import ModelSpec


class TinyNetwork(nn.Module):
    """One convolution, large enough for its weights to be stored outside the graph, and a linear layer."""

    def __init__(
        self,
        activation: Callable[[Tensor], Tensor],
        classes: int = 4,
        *,
        channels: int = 3,
        size: int = 16,
        gain: float = 1,
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.conv = nn.Conv2d(channels, 16, size, stride=size)
        self.head = nn.Linear(16, classes)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / 8)
            self.conv.weight.mul_(gain)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.activation(self.conv(x)).mean((2, 3))
        logits: Tensor = self.head(pooled) * 8
        return logits


def plannable(*_: object) -> nn.Module:
    """Replaces `load_model`: a network that the compiled backend supports."""
    return TinyNetwork(torch.relu).eval()


def of_classes(spec: ModelSpec, *_: object) -> nn.Module:
    """The same with one class per label."""
    return TinyNetwork(torch.relu, len(spec.labels)).eval()


def unplannable(*_: object) -> nn.Module:
    """The same with an operator that the compiled backend lacks: Sin."""
    return TinyNetwork(torch.sin).eval()


def relu_network(classes: int = 4) -> nn.Module:
    """A factory for catalogues."""
    return TinyNetwork(torch.relu, classes).eval()


CATALOG = """
[[models]]
name = "tiny"
factory = "tests.tiny_network:relu_network"
checkpoint = "tiny.pth"
labels = ["a", "b", "c", "d"]
tolerance = 1e-4
[models.preprocessing]
resize = [32, 32]
filter = "bilinear"
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
"""


def write_tiny_catalog(folder: Path) -> list[object]:
    """Write a catalogue of one tiny network, with its checkpoint, into `folder`; return its build options."""
    (folder / "tiny.toml").write_text(CATALOG)
    torch.save(relu_network().state_dict(), folder / "tiny.pth")
    return ["--catalog", folder / "tiny.toml", "--checkpoints", folder]


def write_many(folder: Path, models: int, broken: Mapping[int, Callable[[Path], object]] = {}) -> list[str]:
    """Write a catalogue of tiny networks `m0`, `m1`, … with different weights into `folder`, and return its
    build options. `broken` writes other checkpoints, by number, or none.
    """
    entries = []
    for number in range(models):
        entry = CATALOG.replace('"tiny"', f'"m{number}"').replace("tiny.pth", f"m{number}.pth")
        entries.append(entry.replace("tolerance", 'exporter = "torchscript"\ntolerance'))
        if number in broken:
            broken[number](folder / f"m{number}.pth")
        else:
            write_weights(folder / f"m{number}.pth", number)
    (folder / "many.toml").write_text("".join(entries))
    return ["--catalog", str(folder / "many.toml")]


def write_weights(path: Path, number: int) -> None:
    """Weights of a tiny network, different for each `number`."""
    state = relu_network().state_dict()
    state["head.bias"] = state["head.bias"] + number / 100
    torch.save(state, path)
