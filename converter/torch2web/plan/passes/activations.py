"""Fuses activations, and what they are written as, into the preceding operator."""

from math import inf, isclose
from typing import TypeGuard

from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.ir import (
    NONE,
    Activate,
    Activation,
    Binary,
    Conv,
    Graph,
    Op,
    Product,
    Scale,
    Value,
)


def fuse_products_with_gates(graph: Graph) -> None:
    """x · Sigmoid(x) → SiLU(x), x · HardSigmoid(x) → HardSwish(x)."""
    for op in list(graph.ops):
        if isinstance(op, Binary) and op.kind == BinaryKind.MUL:
            for x, gate in (op.inputs, op.inputs[::-1]):
                made = graph.producer(gate)
                if (
                    isinstance(made, Activate)
                    and made.inputs[0] is x
                    and (found := _times_x(made.activation))
                ):
                    graph.replace(op, Activate(op.label, [x], op.output, found))
                    break


def join_hard_sigmoids(graph: Graph) -> None:
    """Clip(x + 3, 0, 6) / 6, as a hard sigmoid is written out, also with the factor 1/6 after x · Clip(…)."""
    for op in list(graph.ops):
        if not isinstance(op, Activate) or op.activation.kind != ActivationKind.CLIP:
            continue
        low, high = op.activation.a, op.activation.b
        added = graph.producer(op.inputs[0])
        if low != 0 or not 0 < high < inf or not isinstance(added, Binary) or added.activation != NONE:
            continue
        x, summand = _with_number(added, BinaryKind.ADD)
        if x is None:
            continue
        sigmoid = Activation(ActivationKind.HARD_SIGMOID, 1 / high, summand / high)
        user = graph.only_user(op.output)
        if not isinstance(user, Binary) or user.activation != NONE:
            continue
        if _is_divided(user, op.output, high):
            graph.replace(user, Activate(user.label, [x], user.output, sigmoid))
        elif user.kind == BinaryKind.MUL and any(side is x for side in user.inputs):
            last = graph.only_user(user.output)
            if isinstance(last, Binary) and _is_divided(last, user.output, high):
                swish = Activation(ActivationKind.HARD_SWISH, sigmoid.a, sigmoid.b)
                graph.replace(last, Activate(last.label, [x], last.output, swish))


def join_mish(graph: Graph) -> None:
    """x · Tanh(Softplus(x))."""
    for op in list(graph.ops):
        if not isinstance(op, Binary) or op.kind != BinaryKind.MUL or op.activation != NONE:
            continue
        for x, gate in (op.inputs, op.inputs[::-1]):
            tanh = graph.producer(gate)
            softplus = graph.producer(tanh.inputs[0]) if _is(tanh, ActivationKind.TANH) else None
            if softplus and _is(softplus, ActivationKind.SOFTPLUS) and softplus.inputs[0] is x:
                graph.replace(op, Activate(op.label, [x], op.output, Activation(ActivationKind.MISH)))
                break


def _is(op: Op | None, kind: ActivationKind) -> TypeGuard[Activate]:
    return isinstance(op, Activate) and op.activation.kind == kind


def _with_number(op: Binary, *kinds: BinaryKind) -> tuple[Value | None, float]:
    """The computed operand of `op`, and the number that is the other."""
    for x, number in (op.inputs, op.inputs[::-1]):
        if op.kind in kinds and number.data is not None and number.size == 1 and x.shape == op.output.shape:
            return x, float(number.data.reshape(()))
    return None, 0.0


def _is_divided(op: Binary, x: Value, by: float) -> bool:
    """Whether `op` is x / by or x · (1 / by)."""
    if op.kind == BinaryKind.DIV:
        return op.inputs[0] is x and _is_number(op.inputs[1], by)
    found, factor = _with_number(op, BinaryKind.MUL)
    return found is x and isclose(factor * by, 1, rel_tol=1e-6)


def _is_number(value: Value, number: float) -> bool:
    return value.data is not None and value.size == 1 and float(value.data.reshape(())) == number


def _times_x(activation: Activation) -> Activation | None:
    kinds = {
        ActivationKind.SIGMOID: ActivationKind.SILU,
        ActivationKind.HARD_SIGMOID: ActivationKind.HARD_SWISH,
    }
    if activation.kind not in kinds:
        return None
    return Activation(kinds[activation.kind], activation.a, activation.b)


def fuse_activations(graph: Graph) -> None:
    """Into a convolution, product, scale or binary operator that no other operator reads."""
    for op in list(graph.ops):
        if not isinstance(op, Activate):
            continue
        before = _sole_producer(graph, op.inputs[0])
        if isinstance(before, Conv | Product | Binary | Scale) and before.activation == NONE:
            before.activation = op.activation
            before.output = op.output
            graph.ops.remove(op)


def _sole_producer(graph: Graph, value: Value) -> object:
    return graph.producer(value) if graph.only_user(value) else None
