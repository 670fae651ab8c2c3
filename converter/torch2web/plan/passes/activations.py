"""Activations become part of the operator before them."""

from torch2web.plan.ir import (
    NONE,
    Activate,
    Activation,
    Arithmetic,
    Binary,
    Conv,
    Function,
    Graph,
    Product,
    Value,
)


def fuse_products_with_gates(graph: Graph) -> None:
    """x · Sigmoid(x) is SiLU, x · HardSigmoid(x) HardSwish."""
    for op in list(graph.ops):
        if isinstance(op, Binary) and op.kind == Arithmetic.MUL:
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
    functions = {Function.SIGMOID: Function.SILU, Function.HARD_SIGMOID: Function.HARD_SWISH}
    if activation.function not in functions:
        return None
    return Activation(functions[activation.function], activation.a, activation.b)


def fuse_activations(graph: Graph) -> None:
    """Into a convolution, a product or arithmetic whose result nothing else reads."""
    for op in list(graph.ops):
        if not isinstance(op, Activate):
            continue
        before = _sole_producer(graph, op.inputs[0])
        if isinstance(before, Conv | Product | Binary) and before.activation == NONE:
            before.activation = op.activation
            before.output = op.output
            graph.ops.remove(op)


def _sole_producer(graph: Graph, value: Value) -> object:
    return graph.producer(value) if graph.only_user(value) else None
