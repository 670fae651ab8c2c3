"""Fuses squeeze-and-excite: channels scaled by a function of their means."""

from torch2web.plan.format import BinaryKind
from torch2web.plan.ir import (
    NONE,
    Binary,
    Conv,
    Graph,
    Mean,
    MeanOfSums,
    Op,
    SqueezeExcite,
    Value,
)


def fuse_gates(graph: Graph) -> None:
    """Fuse a multiplication by channel with the pointwise convolution that alone reads it."""
    for op in list(graph.ops):
        if not isinstance(op, Binary) or op.kind != BinaryKind.MUL or op.activation != NONE:
            continue
        user = graph.only_user(op.output)
        if (
            not isinstance(user, Conv)
            or not user.is_pointwise
            or user.gate
            or user.inputs[0] is not op.output
        ):
            continue
        for x, gate in (op.inputs, op.inputs[::-1]):
            wanted = (1, x.shape[1], *[1] * (len(x.shape) - 2)) if len(x.shape) > 2 else ()
            if gate.shape == wanted and x.shape == op.output.shape and not gate.is_known:
                user.inputs[0], user.gate = x, gate
                graph.ops.remove(op)
                break


def fuse_squeeze_excite(graph: Graph) -> None:
    """Fuse the mean of a depthwise convolution and two dense layers; the convolution passes its sums."""
    for op in list(graph.ops):
        depthwise = _averaged(graph, op)
        if depthwise is None:
            continue
        first = graph.only_user(op.output)
        second = graph.only_user(first.output) if first and _is_dense(first, op.output) else None
        if not isinstance(first, Conv) or not isinstance(second, Conv) or not _is_dense(second, first.output):
            continue
        if second.output.shape != op.output.shape:
            continue
        depthwise.with_sums = True
        made = SqueezeExcite(op.label, [depthwise.output], second.output, first, second)
        for old in (op, first, second):
            graph.ops.remove(old)
        graph.ops.insert(graph.ops.index(depthwise) + 1, made)


def fuse_means(graph: Graph) -> None:
    """Compute the mean of a depthwise convolution from the sums that it passes."""
    for op in list(graph.ops):
        if depthwise := _averaged(graph, op):
            depthwise.with_sums = True
            graph.ops.remove(op)
            made = MeanOfSums(op.label, [depthwise.output], op.output)
            graph.ops.insert(graph.ops.index(depthwise) + 1, made)


def _averaged(graph: Graph, op: Op) -> Conv | None:
    """The depthwise convolution that `op` is the mean of, over all pixels."""
    if not isinstance(op, Mean) or op.axes != tuple(range(2, len(op.inputs[0].shape))):
        return None
    made = graph.producer(op.inputs[0])
    if not isinstance(made, Conv) or not made.is_depthwise or made.with_sums or made.output.shape[0] != 1:
        return None
    return made


def _is_dense(op: Op, x: Value) -> bool:
    return (
        isinstance(op, Conv)
        and op.is_pointwise
        and op.inputs[0] is x
        and op.residual is None
        and op.gate is None
        and all(size == 1 for size in op.output.shape[2:])
    )
