"""A site with a network for every task, and PyTorch's results for an image."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.conftest import ROOT
from torch2web.tasks import Task, activate

PICTURE = ROOT / "docs/screenshot.png"

KINDS = {"face": "embedding", "age": "regression", "years": "regression"}
"""What the models are for; the others are classifiers."""


@dataclass(frozen=True)
class Built:
    site: Path
    models: dict[str, dict[str, Any]]
    """Entries of the manifest."""
    outputs: dict[str, NDArray[np.float32]]
    """PyTorch's for PICTURE, [1, outputs]."""

    def scores(self, name: str) -> list[float]:
        scores: list[float] = activate(self.task(name), self.outputs[name])[0].tolist()
        return scores

    def task(self, name: str) -> Task:
        return Task.from_value(self.models[name]["task"])
