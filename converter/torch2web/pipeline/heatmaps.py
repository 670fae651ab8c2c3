"""The class activation maps of a model: graph and plan that share its weights, compared with PyTorch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from numpy.typing import NDArray

from torch2web.errors import VerificationError
from torch2web.plan import EngineError, Plan, PlanError, plan_model, run_plan
from torch2web.store import PART_SIZE, PARTS, Entry, PartedFile, write_parts
from torch2web.variants import HeatmapGraph, SplitModel, heatmap_graph
from torch2web.verification import capture_class_activation, create_session_with, run_session

if TYPE_CHECKING:
    from torch import Tensor

_IMAGES = 2
"""Reference inputs on which maps are compared."""

_TOLERANCE = 1e-4
"""Largest difference from PyTorch's maps, relative to their largest value where that is above 1."""


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
    tensors = {weight.name: weight.values for weight in split.weights}
    try:
        difference = _difference(run_session(create_session_with(found.graph, tensors), inputs), wanted)
    except VerificationError:
        return None
    if not difference <= _TOLERANCE:
        return None
    plan = _plan(found, engine, tensors, inputs, wanted) if engine else None
    return Heatmap(
        height=expected.shape[2],
        width=expected.shape[3],
        max_abs_diff=difference,
        graph=write_parts(entry.folder, PARTS, found.graph, PART_SIZE),
        plan=write_parts(entry.folder, PARTS, plan.content, PART_SIZE) if plan else None,
    )


def _plan(
    found: HeatmapGraph,
    engine: Mapping[str, bytes],
    tensors: Mapping[str, NDArray[np.float32]],
    inputs: NDArray[np.float32],
    wanted: NDArray[np.float64],
) -> Plan | None:
    """The plan of the maps; None where the engine cannot compute them."""
    try:
        plan = plan_model(onnx.load_from_string(found.graph))
        for module in engine.values():
            if not _difference(run_plan(module, plan, tensors, inputs), wanted) <= _TOLERANCE:
                return None
    except (PlanError, EngineError):
        return None
    return plan


def _difference(found: NDArray[np.float32], wanted: NDArray[np.float64]) -> float:
    """Largest difference, relative to the largest value where that is above 1; infinite for other shapes."""
    if found.shape != wanted.shape:
        return float("inf")
    return float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max()))
