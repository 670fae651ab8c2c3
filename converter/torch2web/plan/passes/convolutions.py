"""Fuses padding, BatchNormalization, residuals and max pools into convolutions."""

import numpy as np

from torch2web.plan.format import BinaryKind
from torch2web.plan.ir import NONE, Binary, Conv, Floats, Graph, Pad, Pool, Value


def fold_padding(graph: Graph) -> None:
    """Fold zero padding that only a convolution reads."""
    for op in list(graph.ops):
        if not isinstance(op, Pad) or op.value != 0.0:
            continue
        user = graph.only_user(op.output)
        if not isinstance(user, Conv) or user.inputs[0] is not op.output:
            continue
        x = op.inputs[0]
        after = [o - b - s for o, b, s in zip(op.output.shape, op.before, x.shape, strict=True)]
        if any((*op.before[:2], *after[:2])) or min(*op.before, *after) < 0:
            continue
        top, bottom = (op.before[2], after[2]) if len(x.shape) == 4 else (0, 0)
        added = (top, op.before[-1], bottom, after[-1])
        user.pads = tuple(a + b for a, b in zip(user.pads, added, strict=True))  # type: ignore[assignment]
        user.inputs[0] = x
        graph.ops.remove(op)


def fold_channel_factors(graph: Graph) -> None:
    """Fold a factor or summand per channel after a convolution: BatchNormalization, also by Sub and Div."""
    for op in list(graph.ops):
        if not isinstance(op, Binary):
            continue
        for is_right, (value, constant) in ((True, op.inputs), (False, op.inputs[::-1])):
            conv = graph.producer(value)
            factors = _by_channel(constant, value)
            if not isinstance(conv, Conv) or factors is None or graph.only_user(value) is not op:
                continue
            steps = _steps(op.kind, factors, is_right=is_right)
            # A stored bias can be multiplied, but nothing can be added to it.
            added = any(kind == BinaryKind.ADD for kind, _ in steps)
            if op.activation != NONE or not steps or (added and conv.inputs[2].data is None):
                continue
            for kind, numbers in steps:
                _fold(conv, kind, numbers)
            conv.output = op.output
            graph.ops.remove(op)
            break


def _steps(kind: BinaryKind, constant: Floats, *, is_right: bool) -> list[tuple[BinaryKind, Floats]]:
    """The same as factors and summands, in this order; none where there are no such."""
    match kind:
        case BinaryKind.MUL | BinaryKind.ADD:
            return [(kind, constant)]
        case BinaryKind.SUB if is_right:
            return [(BinaryKind.ADD, -constant)]
        case BinaryKind.SUB:
            return [(BinaryKind.MUL, np.full_like(constant, -1)), (BinaryKind.ADD, constant)]
        case BinaryKind.DIV if is_right and constant.all():
            factors = 1 / constant.astype(np.float64)
            if (np.abs(factors) <= np.finfo(np.float32).max).all():
                return [(BinaryKind.MUL, factors.astype(np.float32))]
    return []


def _fold(conv: Conv, kind: BinaryKind, factors: Floats) -> None:
    """Weights and a stored bias are multiplied when they are unpacked."""
    bias = conv.inputs[2]
    if kind == BinaryKind.MUL:
        conv.multiplier = factors if conv.multiplier is None else conv.multiplier * factors
        if bias.data is not None:
            conv.inputs[2] = Value(f"{bias.name}.multiplied", bias.shape, data=bias.data * factors)
        return
    assert bias.data is not None
    conv.inputs[2] = Value(f"{bias.name}.shifted", bias.shape, data=bias.data + factors)


def _by_channel(constant: Value, value: Value) -> Floats | None:
    """`constant` as one number per channel of `value`; None if it is not."""
    if constant.data is None or constant.data.dtype != np.float32 or len(value.shape) < 3:
        return None
    channels = value.shape[1]
    shape = (1,) * (len(value.shape) - constant.data.ndim) + constant.data.shape
    if len(shape) != len(value.shape) or shape not in (
        (1, channels, *[1] * (len(value.shape) - 2)),
        (1,) * len(value.shape),
    ):
        return None
    return np.broadcast_to(constant.data.reshape(-1), (channels,)).astype(np.float32)


def fuse_residuals(graph: Graph) -> None:
    """Fuse an addition with a convolution that no other operator reads."""
    for op in list(graph.ops):
        if not isinstance(op, Binary) or op.kind != BinaryKind.ADD:
            continue
        for value, other in (op.inputs[::-1], op.inputs):
            conv = graph.producer(value)
            if (
                isinstance(conv, Conv)
                and not conv.is_depthwise
                and conv.activation == NONE
                and conv.residual is None
                and value is not other
                and value.shape == other.shape
                and graph.only_user(value) is op
            ):
                conv.residual, conv.activation, conv.output = other, op.activation, op.output
                graph.ops.remove(conv)
                graph.replace(op, conv)
                break


def fuse_pools(graph: Graph) -> None:
    """Fuse a 2 × 2 max pool of stride 2 after a general convolution."""
    for op in list(graph.ops):
        if not isinstance(op, Pool) or op.average or op.kernel != (2, 2) or op.strides != (2, 2):
            continue
        conv = graph.producer(op.inputs[0])
        if not isinstance(conv, Conv) or conv.is_pointwise or conv.is_depthwise or conv.residual is not None:
            continue
        shape = conv.output.shape
        halves = (*shape[:2], *(size // 2 for size in shape[2:]))
        if any(op.pads) or op.dilations != (1, 1) or op.output.shape != halves or len(shape) != 4:
            continue
        if graph.only_user(conv.output) is op and not conv.max_pool:
            conv.max_pool, conv.output = True, op.output
            graph.ops.remove(op)
