"""The number of classes passed to a factory, read from the weights."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from torch2web.catalog import Source
from torch2web.catalog.load import ModelSpec
from torch2web.sources.build_network import load_network


class Net(nn.Module):
    """A network whose last matrix is not the classifier's."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.head = nn.Linear(4, num_classes)
        self.scale = nn.Linear(4, 7)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(x)
        return logits


def test_last_matrix_is_not_the_classifier(catalog: dict[str, ModelSpec], tmp_path: Path) -> None:
    """7 classes are tried first; the shapes then show that there are 3."""
    path = tmp_path / "net.pth"
    torch.save(Net(3).state_dict(), path)
    spec = replace(catalog["mobilenet_emotion"], source=Source("factory", f"{__name__}:Net", {}))
    loaded = load_network(spec, path)
    assert loaded.network.state_dict()["head.weight"].shape == (3, 4)
    assert "num_classes = 3, as in the state dict" in loaded.notes
