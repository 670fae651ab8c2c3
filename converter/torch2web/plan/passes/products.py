"""Fuses what follows a product of rows: bias, scale by output, residual and activation."""

from dataclasses import replace

import numpy as np

from torch2web.plan.format import BinaryKind
from torch2web.plan.ir import NONE, Activate, Binary, Floats, Graph, Op, Product, Transpose, Value, View


def fuse_products(graph: Graph) -> None:
    """Through views, and through a transposition to channels first, which is none in memory."""
    for op in list(graph.ops):
        if isinstance(op, Product):
            while _fuse_next(graph, op):
                pass


def _fuse_next(graph: Graph, product: Product) -> bool:
    """Whether the operator after `product` became part of it."""
    if product.activation != NONE:
        return False
    value = product.output
    moves: list[Op] = []
    while isinstance(user := graph.only_user(value), View | Transpose):
        if isinstance(user, Transpose) and user.order != _channels_first(len(user.order)):
            return False
        moves.append(user)
        value = user.output
    if isinstance(user, Activate):
        product.activation = user.activation
        _end_at(product, moves, user)
        graph.ops.remove(user)
        return True
    if not isinstance(user, Binary) or value.shape != user.output.shape:
        return False
    for own, other in (user.inputs, user.inputs[::-1]):
        if own is value and other is not value and _fuse(graph, product, moves, user, other):
            return True
    return False


def _channels_first(rank: int) -> tuple[int, ...]:
    return (0, rank - 1, *range(1, rank - 1))


def _fuse(graph: Graph, product: Product, moves: list[Op], op: Binary, other: Value) -> bool:
    by_output = _by_output(product, moves, other)
    if by_output is not None and _fuse_by_output(product, op, by_output):
        product.activation = op.activation
        _end_at(product, moves, op)
        graph.ops.remove(op)
        return True
    shape = op.output.shape
    is_sum = op.kind == BinaryKind.ADD and (1,) * (len(shape) - len(other.shape)) + other.shape == shape
    if not is_sum or product.residual is not None or product.output.shape[0] == 1:
        return False
    added = _before_moves(product, moves, other)
    product.residual = added[-1].output if added else other
    product.activation = op.activation
    _end_at(product, moves, op)
    # At the position of the sum, as the residual may be computed after the product.
    for moved in (product, *moves):
        graph.ops.remove(moved)
    at = graph.ops.index(op)
    graph.ops[at : at + 1] = [*added, product, *moves]
    return True


def _end_at(product: Product, moves: list[Op], op: Op) -> None:
    (moves[-1] if moves else product).output = op.output


def _by_output(product: Product, moves: list[Op], other: Value) -> Value | None:
    """`other` as one number by output; None if it is not."""
    outputs, shape = product.output.shape[1], (moves[-1].output if moves else product.output).shape
    transposed = any(isinstance(move, Transpose) for move in moves)
    axis = 1 if transposed else len(shape) - 1
    if len(product.inputs) != 3 or not other.is_known or shape[axis] != outputs:
        return None
    if transposed and not isinstance(moves[-1], Transpose):
        return None
    if other.data is not None and other.size == 1:
        data = np.full(outputs, other.data.reshape(()), np.float32)
        return Value(f"{other.name}.repeated", (outputs,), data=data)
    if (1,) * (len(shape) - len(other.shape)) + other.shape != tuple(
        outputs if place == axis else 1 for place in range(len(shape))
    ):
        return None
    if other.data is None:
        return replace(other, name=f"{other.name}.row", shape=(outputs,))
    return Value(f"{other.name}.row", (outputs,), data=other.data.reshape(-1))


def _fuse_by_output(product: Product, op: Binary, other: Value) -> bool:
    bias = product.inputs[2]
    if product.residual is not None or product.beta != 1.0:
        return False
    if op.kind == BinaryKind.ADD and bias.data is not None:
        if other.data is not None:
            product.inputs[2] = Value(f"{bias.name}.shifted", bias.shape, data=bias.data + other.data)
            return True
        if not bias.data.any() and product.multiplier is None:
            product.inputs[2] = other
            return True
    if op.kind == BinaryKind.MUL and other.data is not None and product.output.shape[0] > 1:
        factors: Floats = other.data.astype(np.float32)
        product.multiplier = factors if product.multiplier is None else product.multiplier * factors
        if bias.data is not None:
            product.inputs[2] = Value(f"{bias.name}.multiplied", bias.shape, data=bias.data * factors)
        return True
    return False


def _before_moves(product: Product, moves: list[Op], other: Value) -> list[Op]:
    """Moves of `other` that undo those of the product's output."""
    ops: list[Op] = []
    end = (moves[-1] if moves else product).output.shape
    if other.shape != end:
        ops.append(View(product.label, [other], Value(f"{other.name}.whole", end)))
    shapes = [product.output.shape, *(move.output.shape for move in moves)]
    for move, shape in zip(reversed(moves), reversed(shapes[:-1]), strict=True):
        value = ops[-1].output if ops else other
        before = Value(f"{value.name}.before", shape)
        if isinstance(move, Transpose):
            order = tuple(move.order.index(axis) for axis in range(len(move.order)))
            ops.append(Transpose(move.label, [value], before, order))
        else:
            ops.append(View(move.label, [value], before))
    return ops
