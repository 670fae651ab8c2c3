"""One entry: an ONNX graph becomes a plan for the compiled backend, or a PlanError says why not."""

from dataclasses import dataclass

import onnx

from torch2web.plan.codegen import write_program
from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx import build_form, require_axis_untouched, require_samples_apart, trace
from torch2web.plan.lowering import lower
from torch2web.plan.passes import simplify

_SEVERAL = 61
"""Samples of the second trace: a number that is no side of anything."""


@dataclass(frozen=True)
class Plan:
    content: bytes
    """As the engine reads it."""
    input_shape: tuple[int, ...]
    """Of one sample, with a batch of 1 in front."""
    output_shape: tuple[int, ...]
    operators: tuple[str, ...]
    """Kinds of what the engine runs, in order."""


def plan_model(model: onnx.ModelProto, *, batched: bool = True) -> Plan:
    """Plan `model` for one sample; stored weights are external data named w0, w1, …

    Without `batched` for its input as it is, whatever its axes mean. Raises PlanError, with the operator and
    why, for a graph that the compiled backend cannot run.
    """
    traced = trace(model, 1 if batched else None)
    if traced.output.is_known:
        raise PlanError(traced.output.name, "Output", "it does not depend on the input")
    graph = build_form(traced)
    if batched:
        require_samples_apart(traced, trace(model, _SEVERAL), _SEVERAL)
        require_axis_untouched(graph)
    program = lower(simplify(graph))
    return Plan(
        write_program(program, graph.weights),
        traced.input.shape,
        traced.output.shape,
        tuple(instruction.kind.name for instruction in program.instructions),
    )
