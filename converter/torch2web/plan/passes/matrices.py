"""Simplifies matrix products."""

from torch2web.plan.ir import Concat, Graph, MatMul, Product, Transpose


def fuse_transposed_matrices(graph: Graph) -> None:
    """Read the second matrix of a product as it was before its last two axes were exchanged."""
    for op in list(graph.ops):
        made = graph.producer(op.inputs[1]) if isinstance(op, MatMul) and not op.transposed else None
        if isinstance(made, Transpose) and len(made.order) > 1:
            rank = len(made.order)
            if made.order == (*range(rank - 2), rank - 1, rank - 2):
                graph.replace(
                    op, MatMul(op.label, [op.inputs[0], made.inputs[0]], op.output, transposed=True)
                )


def join_matrices(graph: Graph) -> None:
    """Concat of products of the same rows → one product: a matrix that was split for storage."""
    for op in list(graph.ops):
        if not isinstance(op, Concat) or op.axis != 1 or len(op.output.shape) != 2:
            continue
        parts = [graph.producer(value) for value in op.inputs]
        products = [part for part in parts if isinstance(part, Product)]
        if len(products) != len(parts) or not all(_alike(products[0], part) for part in products):
            continue
        if any(graph.only_user(part.output) is not op for part in products):
            continue
        first = products[0]
        inputs = [first.inputs[0], *(value for part in products for value in part.inputs[1:])]
        joined = Product(
            first.label, inputs, op.output, first.transposed, first.alpha, first.beta, first.activation
        )
        for part in products:
            graph.ops.remove(part)
        graph.replace(op, joined)


def _alike(one: Product, other: Product) -> bool:
    def key(product: Product) -> tuple[object, ...]:
        return (id(product.inputs[0]), product.transposed, product.alpha, product.beta, product.activation)

    return key(one) == key(other)
