"""A second graph of a model, which shares its weights: compared with PyTorch, planned and stored."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from torch2web.errors import VerificationError
from torch2web.plan import EngineError, Plan, PlanError, plan_model, run_plan
from torch2web.store import PART_SIZE, PARTS, Entry, PartedFile, write_parts
from torch2web.variants import SplitModel
from torch2web.verification import create_session_with, run_session

TOLERANCE = 1e-4
"""Largest difference from PyTorch, relative to the largest value where that is above 1."""


@dataclass(frozen=True)
class SecondGraph:
    """A verified graph, and its plan where the engine computes the same."""

    max_abs_diff: float
    """From PyTorch, relative to the largest value where that is above 1; above TOLERANCE it is not stored."""
    graph: PartedFile
    plan: PartedFile | None


def store_second_graph(
    graph: bytes,
    split: SplitModel,
    inputs: NDArray[np.float32],
    wanted: NDArray[np.float64],
    engine: Mapping[str, bytes] | None,
    entry: Entry,
) -> SecondGraph | float:
    """Store `graph` and its plan in `entry` if it gives `wanted` [inputs, values]; else the difference."""
    tensors = {weight.name: weight.values for weight in split.weights}
    try:
        difference = _difference(run_session(create_session_with(graph, tensors), inputs), wanted)
    except VerificationError:
        return float("inf")
    if not difference <= TOLERANCE:
        return difference
    plan = _plan(graph, engine, tensors, inputs, wanted) if engine else None
    return SecondGraph(
        difference,
        write_parts(entry.folder, PARTS, graph, PART_SIZE),
        write_parts(entry.folder, PARTS, plan.content, PART_SIZE) if plan else None,
    )


def _plan(
    graph: bytes,
    engine: Mapping[str, bytes],
    tensors: Mapping[str, NDArray[np.float32]],
    inputs: NDArray[np.float32],
    wanted: NDArray[np.float64],
) -> Plan | None:
    """The plan of `graph`; None where the engine cannot compute it."""
    try:
        plan = plan_model(onnx.load_from_string(graph))
        for module in engine.values():
            if not _difference(run_plan(module, plan, tensors, inputs), wanted) <= TOLERANCE:
                return None
    except (PlanError, EngineError):
        return None
    return plan


def _difference(found: NDArray[np.float32], wanted: NDArray[np.float64]) -> float:
    """Largest difference, relative to the largest value where that is above 1; infinite for other shapes."""
    if found.shape != wanted.shape:
        return float("inf")
    return float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max()))
