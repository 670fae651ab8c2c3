"""Imports reductions and softmax."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import ActivationKind, BinaryKind, ReduceKind
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.ir import Mean, Op, Reduce, Softmax, Value, View


def _axes(node: Node, since: int) -> tuple[int, ...]:
    """Sorted; an input since opset `since`, an attribute before. Empty where nothing is to be reduced."""
    rank = len(node.first.shape)
    given: Any = node.constant(1) if node.opset >= since else node.attributes.get("axes")
    if given is None or len(given) == 0:
        return () if node.attributes.get("noop_with_empty_axes", 0) else tuple(range(rank))
    return tuple(sorted({int(axis) % rank for axis in np.asarray(given).reshape(-1)}))


def mean(node: Node) -> list[Op]:
    axes = _axes(node, 18)
    if not axes:
        return [View(node.label, [node.first], node.outputs[0])]
    return [Mean(node.label, [node.first], node.outputs[0], axes)]


def global_max_pool(node: Node) -> list[Op]:
    x = node.first
    return [Reduce(node.label, [x], node.outputs[0], ReduceKind.MAX, tuple(range(2, len(x.shape))))]


Reduction = Callable[[Steps, Value, Sequence[int]], Value]


def reduction(since: int, make: Reduction) -> Callable[[Node], list[Op]]:
    """A reduction of its own or made of others; `since`: the opset in which its axes became an input."""

    def import_node(node: Node) -> list[Op]:
        steps = Steps(node)
        return steps.finish(make(steps, node.first, _axes(node, since)))

    return import_node


def _reduced(steps: Steps, x: Value, kind: ReduceKind, axes: Sequence[int]) -> Value:
    return steps.reduce(x, kind, axes) if axes else x


def total(steps: Steps, x: Value, axes: Sequence[int]) -> Value:
    return _reduced(steps, x, ReduceKind.SUM, axes)


def largest(steps: Steps, x: Value, axes: Sequence[int]) -> Value:
    return _reduced(steps, x, ReduceKind.MAX, axes)


def smallest(steps: Steps, x: Value, axes: Sequence[int]) -> Value:
    """-max(-x)."""
    flipped = steps.binary(BinaryKind.MUL, x, -1.0)
    return steps.binary(BinaryKind.MUL, largest(steps, flipped, axes), -1.0)


def index_of_largest(node: Node) -> list[Op]:
    """ArgMax: of equal values the first, or the last with select_last_index."""
    steps = Steps(node)
    return steps.finish(_index(steps, node.first))


def index_of_smallest(node: Node) -> list[Op]:
    steps = Steps(node)
    return steps.finish(_index(steps, steps.binary(BinaryKind.MUL, node.first, -1.0)))


def _index(steps: Steps, x: Value) -> Value:
    given = steps.node.attributes
    axis = int(given.get("axis", 0)) % len(x.shape)
    if not given.get("select_last_index", 0):
        return steps.reduce(x, ReduceKind.INDEX_OF_MAX, (axis,))
    last = x.shape[axis] - 1
    from_behind = steps.reduce(steps.slice(x, axis, last, -1, last + 1), ReduceKind.INDEX_OF_MAX, (axis,))
    return steps.binary(BinaryKind.SUB, float(last), from_behind)


def l1_norm(steps: Steps, x: Value, axes: Sequence[int]) -> Value:
    return total(steps, steps.activate(x, ActivationKind.ABS), axes)


def sum_of_squares(steps: Steps, x: Value, axes: Sequence[int]) -> Value:
    return total(steps, steps.binary(BinaryKind.MUL, x, x), axes)


def l2_norm(steps: Steps, x: Value, axes: Sequence[int]) -> Value:
    return steps.activate(sum_of_squares(steps, x, axes), ActivationKind.SQRT)


def log_of_sum(steps: Steps, x: Value, axes: Sequence[int]) -> Value:
    return steps.activate(total(steps, x, axes), ActivationKind.LOG)


def log_of_sum_of_exp(steps: Steps, x: Value, axes: Sequence[int]) -> Value:
    """The largest value is taken out, so that no exponential overflows."""
    finite = float(np.finfo(np.float32).max)
    top = steps.activate(largest(steps, x, axes), ActivationKind.CLIP, -finite, finite)
    powers = steps.activate(steps.binary(BinaryKind.SUB, x, top), ActivationKind.EXP)
    return steps.binary(BinaryKind.ADD, log_of_sum(steps, powers, axes), top)


def softmax(node: Node) -> list[Op]:
    """Softmax and LogSoftmax; before opset 13 over all axes from `axis` on."""
    x = node.first
    rank = len(x.shape)
    axis = int(node.attributes.get("axis", -1 if node.opset >= 13 else 1))
    if not -rank <= axis <= rank:
        raise PlanError(node.label, node.kind, f"found axis {axis}, expected {-rank} to {rank}")
    if node.opset >= 13:
        axes: tuple[int, ...] = (axis % rank,)
    else:
        axes = tuple(range(axis + rank if axis < 0 else axis, rank))
    return [Softmax(node.label, [x], node.outputs[0], axes, logarithm=node.kind == "LogSoftmax")]


def lp_normalization(node: Node) -> list[Op]:
    """Divided by the norm along an axis; zeros stay zeros."""
    steps, x = Steps(node), node.first
    axis = int(node.attributes.get("axis", -1)) % len(x.shape)
    norm = (l1_norm if node.attributes.get("p", 2) == 1 else l2_norm)(steps, x, (axis,))
    above_zero = steps.binary(BinaryKind.MAX, norm, float(np.finfo(np.float32).tiny))
    return steps.finish(steps.binary(BinaryKind.DIV, x, above_zero))
