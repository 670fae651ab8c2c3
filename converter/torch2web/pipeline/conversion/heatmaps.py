"""The class activation maps of a model: graph and plan that share its weights, compared with PyTorch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from torch2web.pipeline.conversion.second_graph import TOLERANCE, SecondGraph, StoredGraph
from torch2web.store import Entry
from torch2web.variants import SplitModel, heatmap_graph
from torch2web.verification import capture_class_activation

if TYPE_CHECKING:
    from torch import Tensor

_IMAGES = 2
"""Reference inputs on which maps are compared."""


@dataclass(frozen=True)
class Heatmap(StoredGraph):
    """The verified class activation maps of a model."""

    height: int
    width: int


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
    graph = heatmap_graph(split.graph)
    inputs = inputs[:_IMAGES]
    maps = capture_class_activation(network, inputs) if graph else None
    if graph is None or maps is None:
        return None
    expected = np.concatenate([maps.mean(axis=(2, 3)), maps.reshape(len(inputs), -1)], axis=1)
    second = SecondGraph(graph, split, inputs, expected)
    if not second.difference <= TOLERANCE:
        return None
    stored = second.store(engine, entry)
    return Heatmap(**vars(stored), height=maps.shape[2], width=maps.shape[3])
