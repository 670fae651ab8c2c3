"""A second graph of a model, which shares its weights: compared with PyTorch, planned and stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from numpy.typing import NDArray

from torch2web.errors import VerificationError
from torch2web.plan import EngineError, Plan, PlanError, plan_model, plan_more_exactly, run_plan
from torch2web.store import PART_SIZE, PARTS, Entry, PartedFile, write_parts
from torch2web.variants import SplitModel
from torch2web.verification import create_session_with, run_session

TOLERANCE = 1e-4
"""Largest difference from PyTorch, relative to the largest value where that is above 1."""


@dataclass(frozen=True)
class SecondGraph:
    """A graph with the weights of the model `split`, and the values [inputs, values] that PyTorch gives."""

    graph: bytes
    split: SplitModel
    inputs: NDArray[np.float32]
    expected: NDArray[np.float64]

    @cached_property
    def difference(self) -> float:
        """Largest difference from `expected`, relative to the largest value where that is above 1.

        Infinite where onnxruntime cannot run the graph.
        """
        try:
            session = create_session_with(self.graph, self._tensors)
            return self._difference(run_session(session, self.inputs))
        except VerificationError:
            return float("inf")

    def store(self, engine: Mapping[str, bytes] | None, entry: Entry) -> "StoredGraph":
        """Write the graph into `entry`, and its plan where the modules of `engine` compute the same."""
        plan = self._plan(engine) if engine else None
        return StoredGraph(
            self.difference,
            write_parts(entry.folder, PARTS, self.graph, PART_SIZE),
            write_parts(entry.folder, PARTS, plan.content, PART_SIZE) if plan else None,
        )

    def _plan(self, engine: Mapping[str, bytes]) -> Plan | None:
        model = onnx.load_from_string(self.graph)
        try:
            plan: Plan | None = plan_model(model)
            while plan and not all(self._reproduced(module, plan) for module in engine.values()):
                plan = plan_more_exactly(model, plan)
        except (PlanError, EngineError):
            return None
        return plan

    def _reproduced(self, module: bytes, plan: Plan) -> bool:
        return self._difference(run_plan(module, plan, self._tensors, self.inputs)) <= TOLERANCE

    @property
    def _tensors(self) -> dict[str, NDArray[np.float32]]:
        return {weight.name: weight.values for weight in self.split.weights}

    def _difference(self, found: NDArray[np.float32]) -> float:
        """Infinite for values of another shape."""
        if found.shape != self.expected.shape:
            return float("inf")
        return float(np.abs(found - self.expected).max() / max(1.0, np.abs(self.expected).max()))


@dataclass(frozen=True)
class StoredGraph:
    """Files of a second graph, in the folder of an entry."""

    max_abs_diff: float
    """From PyTorch, relative to the largest value where that is above 1."""
    graph: PartedFile
    plan: PartedFile | None
