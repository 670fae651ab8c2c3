"""Squeeze and excite: the mean of a picture decides by how much each of its channels counts."""

from torch2web.plan.ir import (
    NONE,
    Arithmetic,
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
    """A factor for each channel of what only a pointwise convolution reads."""
    for op in list(graph.ops):
        if not isinstance(op, Binary) or op.kind != Arithmetic.MUL or op.activation != NONE:
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
    """Mean of a depthwise convolution, two products with activations: from sums that the first gathers."""
    for op in list(graph.ops):
        depthwise = _gathering(graph, op)
        if depthwise is None:
            continue
        first = graph.only_user(op.output)
        second = graph.only_user(first.output) if first and _is_dense(first, op.output) else None
        if not isinstance(first, Conv) or not isinstance(second, Conv) or not _is_dense(second, first.output):
            continue
        if second.output.shape != op.output.shape:
            continue
        depthwise.gathers = True
        made = SqueezeExcite(op.label, [depthwise.output], second.output, first, second)
        for old in (op, first, second):
            graph.ops.remove(old)
        graph.ops.insert(graph.ops.index(depthwise) + 1, made)


def fuse_means(graph: Graph) -> None:
    """The mean of a depthwise convolution, from sums that it gathers."""
    for op in list(graph.ops):
        if depthwise := _gathering(graph, op):
            depthwise.gathers = True
            graph.ops.remove(op)
            made = MeanOfSums(op.label, [depthwise.output], op.output)
            graph.ops.insert(graph.ops.index(depthwise) + 1, made)


def _gathering(graph: Graph, op: Op) -> Conv | None:
    """The depthwise convolution over all pixels of which `op` is the mean."""
    if not isinstance(op, Mean) or op.axes != tuple(range(2, len(op.inputs[0].shape))):
        return None
    made = graph.producer(op.inputs[0])
    if not isinstance(made, Conv) or not made.is_depthwise or made.gathers or made.output.shape[0] != 1:
        return None
    return made


def _is_dense(op: Op, x: Value) -> bool:
    return (
        isinstance(op, Conv)
        and op.is_pointwise
        and op.inputs[0] is x
        and op.residual is None
        and op.gate is None
        and all(side == 1 for side in op.output.shape[2:])
    )
