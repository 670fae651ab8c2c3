"""Imports operators that pick, repeat and rearrange elements by constant indices."""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import BinaryKind
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.ir import Op, Value

MAX_PIECES = 1024
"""Maximum slices of one Gather or padding: each is an instruction."""


def gather(node: Node) -> list[Op]:
    """Slices of the input, joined: one for each run of indices with a constant step."""
    steps, x = Steps(node), node.first
    indices = node.constant(1)
    assert indices is not None
    axis = int(node.attributes.get("axis", 0)) % len(x.shape)
    wanted = [int(index) % x.shape[axis] for index in indices.reshape(-1)]
    return steps.finish(steps.view(take(steps, x, axis, wanted), node.outputs[0].shape))


def take(steps: Steps, x: Value, axis: int, indices: Sequence[int]) -> Value:
    """`x` at `indices` of `axis`. Raises PlanError for too many runs."""
    found = list(runs(indices))
    if len(found) > MAX_PIECES:
        node = steps.node
        raise PlanError(node.label, node.kind, f"found {len(found)} runs of indices, at most {MAX_PIECES}")
    return steps.concat([steps.slice(x, axis, *run) for run in found], axis)


def runs(numbers: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """First number, step and length of runs with a constant step, which is never 0."""
    start = 0
    while start < len(numbers):
        step = numbers[start + 1] - numbers[start] if start + 1 < len(numbers) else 1
        end = start + 1
        while step and end < len(numbers) and numbers[end] - numbers[end - 1] == step:
            end += 1
        yield numbers[start], step or 1, end - start
        start = end


def expand(node: Node) -> list[Op]:
    steps = Steps(node)
    return steps.finish(steps.expand(node.first, node.outputs[0].shape))


def tile(node: Node) -> list[Op]:
    """Axis by axis: an axis of size 1 before it is repeated, and merged with it."""
    steps, x = Steps(node), node.first
    repeats = node.constant(1)
    assert repeats is not None
    for axis, count in enumerate(int(count) for count in repeats):
        outer, size, inner = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :])
        repeated = steps.expand(steps.view(x, (outer, 1, size * inner)), (outer, count, size * inner))
        x = steps.view(repeated, (*x.shape[:axis], count * size, *x.shape[axis + 1 :]))
    return steps.finish(x)


def depth_to_space(node: Node) -> list[Op]:
    steps, x = Steps(node), node.first
    batch, channels, height, width = x.shape
    block = int(node.attributes["blocksize"])
    deep = channels // block**2
    if node.attributes.get("mode", b"DCR") == b"CRD":
        apart, order = (batch, deep, block, block, height, width), (0, 1, 4, 2, 5, 3)
    else:
        apart, order = (batch, block, block, deep, height, width), (0, 3, 4, 1, 5, 2)
    moved = steps.transpose(steps.view(x, apart), order)
    return steps.finish(steps.view(moved, node.outputs[0].shape))


def space_to_depth(node: Node) -> list[Op]:
    steps, x = Steps(node), node.first
    batch, channels, height, width = x.shape
    block = int(node.attributes["blocksize"])
    apart = (batch, channels, height // block, block, width // block, block)
    by_channel = node.attributes.get("mode", b"DCR") == b"CRD"
    order = (0, 1, 3, 5, 2, 4) if by_channel else (0, 3, 5, 1, 2, 4)
    moved = steps.transpose(steps.view(x, apart), order)
    return steps.finish(steps.view(moved, node.outputs[0].shape))


def where(node: Node) -> list[Op]:
    """With a constant condition: max(min(a, ±∞), min(b, ∓∞)), of which one side is -∞ at each element.

    A NaN on the side that is not taken shows too, unlike in ONNX.
    """
    condition = node.constant(0)
    a, b = node.inputs[1:]
    assert condition is not None
    assert a is not None
    assert b is not None
    steps, shape = Steps(node), node.outputs[0].shape
    if condition.all() or not condition.any():
        return steps.finish(steps.expand(a if condition.all() else b, shape))
    limit = np.where(condition, np.inf, -np.inf).astype(np.float32)
    taken = steps.binary(BinaryKind.MIN, a, steps.constant(limit))
    other = steps.binary(BinaryKind.MIN, b, steps.constant(-limit))
    return steps.finish(steps.binary(BinaryKind.MAX, taken, other))
