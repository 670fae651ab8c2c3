"""Imports operators that move, join and split arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.ir import Concat, Op, Slice, Transpose, View


def transpose(node: Node) -> list[Op]:
    x = node.first
    order = tuple(node.attributes.get("perm", reversed(range(len(x.shape)))))
    return [Transpose(node.label, [x], node.outputs[0], order)]


def concat(node: Node) -> list[Op]:
    inputs = [value for value in node.inputs if value is not None]
    axis = int(node.attributes.get("axis", 1)) % len(node.outputs[0].shape)
    return [Concat(node.label, inputs, node.outputs[0], axis)]


def slicing(node: Node) -> list[Op]:
    """Slice."""
    x = node.first
    rank = len(x.shape)

    def given(index: int, name: str) -> NDArray[Any] | None:
        if node.opset >= 10:
            return node.constant(index)
        found = node.attributes.get(name)
        return None if found is None else np.asarray(found)

    starts = given(1, "starts")
    axes, steps = given(3, "axes"), given(4, "steps")
    assert starts is not None
    chosen = range(len(starts)) if axes is None else axes
    first, step = [0] * rank, [1] * rank
    for index, axis in enumerate(chosen):
        size = x.shape[int(axis) % rank]
        step[int(axis) % rank] = by = 1 if steps is None else int(steps[index])
        start = int(starts[index]) + (size if starts[index] < 0 else 0)
        first[int(axis) % rank] = min(max(start, 0), size - 1 if by < 0 else size)
    return [Slice(node.label, [x], node.outputs[0], tuple(first), tuple(step))]


def split(node: Node) -> list[Op]:
    """Split: a Slice for each output."""
    x = node.first
    axis = int(node.attributes.get("axis", 0)) % len(x.shape)
    ends = np.cumsum([output.shape[axis] for output in node.outputs]).tolist()
    if ends[-1] != x.shape[axis]:
        raise PlanError(node.label, node.kind, "omitted outputs are not supported")
    steps = (1,) * len(x.shape)
    ops: list[Op] = []
    for output, end in zip(node.outputs, ends, strict=True):
        starts = [0] * len(x.shape)
        starts[axis] = end - output.shape[axis]
        ops.append(Slice(node.label, [x], output, tuple(starts), steps))
    return ops


def view(node: Node) -> list[Op]:
    if len(node.outputs) > 1:
        raise PlanError(node.label, node.kind, "a second output is not supported")
    return [View(node.label, [node.first], node.outputs[0])]


def dropout(node: Node) -> list[Op]:
    """Dropout for inference: the identity."""
    if node.opset >= 12 and (training := node.constant(2)) is not None and training.any():
        raise PlanError(node.label, node.kind, "training mode is not supported")
    return view(node)


def cast(node: Node) -> list[Op]:
    """Of float32 to float32: exporters write it where types might differ."""
    if node.attributes["to"] != TensorProto.FLOAT:
        found = TensorProto.DataType.Name(node.attributes["to"])
        raise PlanError(node.label, node.kind, f"found a cast to {found}, only FLOAT is supported")
    return view(node)
