"""The class activation maps of a model: graph and plan that share its weights, compared with PyTorch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.pipeline.second_graph import SecondGraph, store_second_graph
from torch2web.store import Entry, PartedFile
from torch2web.variants import SplitModel, heatmap_graph
from torch2web.verification import capture_class_activation

if TYPE_CHECKING:
    from torch import Tensor

_IMAGES = 2
"""Reference inputs on which maps are compared."""


@dataclass(frozen=True)
class Heatmap:
    """The verified class activation maps of a model."""

    height: int
    width: int
    max_abs_diff: float
    """From PyTorch's maps, relative to their largest value where that is above 1."""
    graph: PartedFile
    plan: PartedFile | None


def convert_heatmap(
    split: SplitModel,
    network: "Callable[[Tensor], Tensor]",
    inputs: NDArray[np.float32],
    engine: Mapping[str, bytes] | None,
    entry: Entry,
) -> Heatmap | None:
    """Write graph and plan of the class activation maps into `entry`; None where the model has none.

    `network` is the PyTorch model. A model without global average pooling and one linear layer at its end, or
    whose maps are not PyTorch's, has none.
    """
    found = heatmap_graph(split.graph)
    inputs = inputs[:_IMAGES]
    expected = capture_class_activation(network, inputs) if found else None
    if found is None or expected is None:
        return None
    wanted = np.concatenate([expected.mean(axis=(2, 3)), expected.reshape(len(inputs), -1)], axis=1)
    stored = store_second_graph(found.graph, split, inputs, wanted, engine, entry)
    if not isinstance(stored, SecondGraph):
        return None
    _, _, height, width = expected.shape
    return Heatmap(height, width, stored.max_abs_diff, stored.graph, stored.plan)
