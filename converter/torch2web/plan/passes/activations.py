"""Fuses activations into the preceding operator."""

from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.ir import (
    NONE,
    Activate,
    Activation,
    Binary,
    Conv,
    Graph,
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
