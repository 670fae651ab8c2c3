"""Entry point: plan_model compiles an ONNX graph to a plan for the compiled backend."""

from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from torch2web.plan.codegen import write_program
from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx import build_ir, require_samples_apart, trace
from torch2web.plan.lowering import lower
from torch2web.plan.passes import TILES, choose_tiles, simplify, tiles_by_name

_BATCH = 61
"""Batch of the second trace: a number that no dimension is likely to have."""


@dataclass(frozen=True)
class Plan:
    content: bytes
    """In the format of `web/engine/plan/format.h`."""
    input_shape: tuple[int, ...]
    """Of one sample, with a batch of 1."""
    output_shape: tuple[int, ...]
    operators: tuple[str, ...]
    """Names of the engine's operators, in order."""
    tiles: Mapping[str, int]
    """Pixels of a line of the tiles of convolutions by Winograd's transforms, by name of the ONNX node."""


def plan_model(model: onnx.ModelProto, *, batched: bool = True, largest_tile: int = TILES[0]) -> Plan:
    """Plan `model` for one sample; stored weights are external data named w0, w1, …

    Without `batched`, dimension 0 of the input is no batch and stays as it is. `largest_tile` limits the
    tiles of Winograd's transforms, which are faster and less exact the larger they are; 0: without. Raises
    PlanError for a graph that the compiled backend does not support.
    """
    traced = trace(model, 1 if batched else None)
    if traced.output.is_known:
        raise PlanError(traced.output.name, "Output", "the output does not depend on the input")
    graph = build_ir(traced)
    if batched:
        require_samples_apart(graph, build_ir(trace(model, _BATCH)), _BATCH)
    simplified = simplify(graph)
    choose_tiles(simplified, largest_tile)
    program = lower(simplified)
    return Plan(
        write_program(program, graph.weights),
        traced.input.shape,
        traced.output.shape,
        tuple(instruction.name for instruction in program.instructions),
        tiles_by_name(simplified),
    )


def plan_more_exactly(model: onnx.ModelProto, plan: Plan) -> Plan | None:
    """A plan of `model` with smaller tiles than those of `plan`; None where that one has none."""
    if not plan.tiles:
        return None
    largest = max(plan.tiles.values())
    return plan_model(model, largest_tile=max((tile for tile in TILES if tile < largest), default=0))
