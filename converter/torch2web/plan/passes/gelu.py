"""Fuses what exporters write for GELU (Hendrycks and Gimpel 2016)."""

from math import isclose, pi, sqrt

from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.ir import NONE, Activate, Activation, Binary, Graph, Value


def fuse_gelu(graph: Graph) -> None:
    """x / 2 · (1 + erf(x / √2)), or with tanh(√(2/π) · (x + 0.044715 · x³)), in any order of the factors."""
    for op in list(graph.ops):
        if not isinstance(op, Binary) or op.kind != BinaryKind.MUL:
            continue
        scale, factors = _factors(graph, op.output)
        if not isclose(scale, 0.5, rel_tol=1e-6) or len(factors) != 2:
            continue
        for x, gate in (factors, factors[::-1]):
            if kind := _gate(graph, gate, x):
                graph.replace(op, Activate(op.label, [x], op.output, Activation(kind)))
                break


def _factors(graph: Graph, value: Value) -> tuple[float, list[Value]]:
    """`value` as a number times values that are no products."""
    if value.data is not None and value.size == 1:
        return float(value.data.reshape(())), []
    op = graph.producer(value)
    if not isinstance(op, Binary) or op.activation != NONE:
        return 1.0, [value]
    left, right = op.inputs
    if op.kind == BinaryKind.MUL:
        (a, first), (b, second) = _factors(graph, left), _factors(graph, right)
        return a * b, [*first, *second]
    if op.kind == BinaryKind.DIV and right.data is not None and right.size == 1 and right.data.any():
        a, first = _factors(graph, left)
        return a / float(right.data.reshape(())), first
    return 1.0, [value]


def _terms(graph: Graph, value: Value) -> tuple[Value, Value] | None:
    op = graph.producer(value)
    if not isinstance(op, Binary) or op.kind != BinaryKind.ADD or op.activation != NONE:
        return None
    left, right = op.inputs
    return left, right


def _gate(graph: Graph, value: Value, x: Value) -> ActivationKind | None:
    """Which GELU `value` is the gate of: 1 + erf(…) or 1 + tanh(…) of `x`."""
    for one, other in _both(_terms(graph, value)):
        function = graph.producer(other)
        if (
            one.data is None
            or one.size != 1
            or one.data.reshape(()) != 1
            or not isinstance(function, Activate)
        ):
            continue
        scale, factors = _factors(graph, function.inputs[0])
        if function.activation.kind == ActivationKind.ERF:
            if factors == [x] and isclose(scale, sqrt(0.5), rel_tol=1e-6):
                return ActivationKind.GELU
        elif (
            function.activation.kind == ActivationKind.TANH
            and len(factors) == 1
            and isclose(scale, sqrt(2 / pi), rel_tol=1e-5)
            and _has_cube(graph, factors[0], x)
        ):
            return ActivationKind.GELU_TANH
    return None


def _has_cube(graph: Graph, value: Value, x: Value) -> bool:
    """Whether `value` is x + 0.044715 · x³."""
    for one, other in _both(_terms(graph, value)):
        scale, factors = _factors(graph, other)
        if one is x and factors == [x, x, x] and isclose(scale, 0.044715, rel_tol=1e-5):
            return True
    return False


def _both(pair: tuple[Value, Value] | None) -> list[tuple[Value, Value]]:
    return [] if pair is None else [pair, (pair[1], pair[0])]
