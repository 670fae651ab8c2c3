"""Fuses what exporters write for layer normalization."""

from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.ir import NONE, Activate, Binary, Graph, Mean, Normalize, Value


def fuse_decomposed_normalizations(graph: Graph) -> None:
    """(x - mean) / sqrt(mean((x - mean)²) + epsilon) → Normalize: LayerNormalization before opset 17."""
    for op in list(graph.ops):
        if not _is(op, BinaryKind.DIV):
            continue
        deviation = graph.producer(op.inputs[1])
        centered = _centered(graph, op.inputs[0])
        if not isinstance(deviation, Activate) or deviation.activation.kind != ActivationKind.SQRT:
            continue
        if centered is None:
            continue
        x, axes = centered
        epsilon = _epsilon(graph, deviation.inputs[0], x, axes)
        if epsilon is not None:
            graph.replace(op, Normalize(op.label, [x], op.output, axes, epsilon))


def fuse_scales(graph: Graph) -> None:
    """Fuse a constant scale and shift of the last axis with the normalization over it."""
    for op in list(graph.ops):
        if not isinstance(op, Normalize) or op.axes != (len(op.output.shape) - 1,) or len(op.inputs) > 1:
            continue
        scaled = graph.only_user(op.output)
        shifted = graph.only_user(scaled.output) if scaled else None
        if not _is(scaled, BinaryKind.MUL) or not _is(shifted, BinaryKind.ADD):
            continue
        assert scaled is not None
        assert shifted is not None
        scale, shift = _factor(scaled.inputs, op.output), _factor(shifted.inputs, scaled.output)
        if scale is None or shift is None or shifted.output.shape != op.output.shape:
            continue
        op.inputs += [scale, shift]
        op.output = shifted.output
        graph.ops.remove(scaled)
        graph.ops.remove(shifted)


def _is(op: object, kind: BinaryKind) -> bool:
    return isinstance(op, Binary) and op.kind == kind and op.activation == NONE


def _centered(graph: Graph, value: Value) -> tuple[Value, tuple[int, ...]] | None:
    """x and the axes of its mean, where `value` is x less that mean."""
    op = graph.producer(value)
    if op is None or not _is(op, BinaryKind.SUB):
        return None
    x, subtracted = op.inputs
    mean = graph.producer(subtracted)
    if not isinstance(mean, Mean) or mean.inputs[0] is not x or len(mean.output.shape) != len(x.shape):
        return None
    return x, mean.axes


def _epsilon(graph: Graph, value: Value, x: Value, axes: tuple[int, ...]) -> float | None:
    """The constant added to the variance of `x`, where `value` is that sum."""
    total = graph.producer(value)
    if total is None or not _is(total, BinaryKind.ADD):
        return None
    for squares, constant in (total.inputs, total.inputs[::-1]):
        mean = graph.producer(squares)
        if constant.data is None or constant.size != 1 or not isinstance(mean, Mean) or mean.axes != axes:
            continue
        square = graph.producer(mean.inputs[0])
        if square is None or not _is(square, BinaryKind.MUL) or square.inputs[0] is not square.inputs[1]:
            continue
        if _centered(graph, square.inputs[0]) == (x, axes):
            return float(constant.data.reshape(()))
    return None


def _factor(inputs: list[Value], x: Value) -> Value | None:
    """The other of two inputs, if it is constant and a row of `x`."""
    if inputs[0] is inputs[1]:
        return None
    other = inputs[1] if inputs[0] is x else inputs[0]
    return other if other.is_known and other.size == other.shape[-1] == x.shape[-1] else None
