"""Imports Pad in all its modes."""

from typing import Any

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.rearrange import runs
from torch2web.plan.ir import Concat, Op, Pad, Slice, Value, View

_MODES = ("reflect", "edge", "wrap")


def pad(node: Node) -> list[Op]:
    """Pad with a constant, or with slices of the input (reflect, edge, wrap)."""
    x = node.first
    rank = len(x.shape)
    mode = node.attributes.get("mode", b"constant").decode()
    if node.opset >= 11:
        pads: Any = node.constant(1)
        filling = node.constant(2)
        value = 0.0 if filling is None else float(filling.reshape(()))
    else:
        pads, value = node.attributes["pads"], float(node.attributes.get("value", 0.0))
    axes = node.constant(3) if node.opset >= 18 else None
    before, after = [0] * rank, [0] * rank
    chosen = range(rank) if axes is None else [int(axis) % rank for axis in axes]
    for index, axis in enumerate(chosen):
        before[axis], after[axis] = int(pads[index]), int(pads[index + len(chosen)])
    if mode == "constant":
        return [Pad(node.label, [x], node.outputs[0], tuple(before), value)]
    if mode not in _MODES:
        raise PlanError(node.label, node.kind, f"mode {mode} is not supported")
    if min(*before, *after) < 0:
        raise PlanError(node.label, node.kind, f"negative padding is not supported in mode {mode}")
    return _pad_with_slices(node, mode, list(zip(before, after, strict=True)))


def _pad_with_slices(node: Node, mode: str, pads: list[tuple[int, int]]) -> list[Op]:
    """Pad axis by axis, as a Concat of slices of the input. Modes are those of numpy.pad."""
    ops: list[Op] = []
    x = node.first
    for axis, (before, after) in enumerate(pads):
        if not before and not after:
            continue
        size = x.shape[axis]
        taken = np.pad(np.arange(size), (before, after), mode)  # type: ignore[call-overload]
        pieces: list[Value] = []
        for first, step, count in runs(taken.tolist()):
            shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
            piece = Value(f"{node.outputs[0].name}.{axis}.{len(pieces)}", shape)
            starts, steps = [0] * len(pads), [1] * len(pads)
            starts[axis], steps[axis] = first, step
            ops.append(Slice(node.label, [x], piece, tuple(starts), tuple(steps)))
            pieces.append(piece)
        shape = (*x.shape[:axis], size + before + after, *x.shape[axis + 1 :])
        x = Value(f"{node.outputs[0].name}.{axis}", shape)
        ops.append(Concat(node.label, pieces, x, axis))
    return [*ops, View(node.label, [x], node.outputs[0])]
