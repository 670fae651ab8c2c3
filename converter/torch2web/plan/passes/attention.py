"""Fuses scaled dot-product attention: Softmax(scale · Q · Kᵀ + summands) · V, as exporters write it."""

from dataclasses import dataclass, field
from math import isfinite

from torch2web.plan.format import BinaryKind
from torch2web.plan.ir import (
    NONE,
    Attention,
    Binary,
    Expand,
    Graph,
    MatMul,
    Op,
    Operand,
    Slice,
    Softmax,
    Transpose,
    Value,
    View,
)

_MAX_SUMMANDS = 2


def fuse_attention(graph: Graph) -> None:
    """Make one operator of each attention, with the moves of its operands and of its result.

    A move that others read too stays in the graph for them.
    """
    for op in list(graph.ops):
        if isinstance(op, MatMul) and (scores := _scores(graph, op)):
            graph.replace(op, _attention(graph, op, scores))


@dataclass
class _Scores:
    """What a softmax is of: scale · the product + summands, each in the shape of the weights."""

    product: MatMul
    scale: float = 1.0
    summands: list[Operand] = field(default_factory=list)


def _scores(graph: Graph, op: MatMul) -> _Scores | None:
    weights = op.inputs[0]
    value = _before_views(graph, weights, op)
    softmax = graph.producer(value)
    rank = len(value.shape)
    if not isinstance(softmax, Softmax) or softmax.logarithm or softmax.axes != (rank - 1,) or rank < 2:
        return None
    if (
        graph.only_user(value) is None
        or value.shape[-2:] != weights.shape[-2:]
        or len(op.inputs[1].shape) < 2
    ):
        return None
    value = softmax.inputs[0]
    scale = 1.0
    summands: list[Operand] = []
    while True:
        made = graph.producer(value)
        if made is None or graph.only_user(value) is None or value.shape[-2:] != weights.shape[-2:]:
            return None
        if isinstance(made, MatMul):
            matrices = all(len(read.shape) >= 2 for read in made.inputs)
            return _Scores(made, scale, summands) if matrices and len(summands) <= _MAX_SUMMANDS else None
        if isinstance(made, View):
            value = made.inputs[0]
        elif scaled := _scaled(made):
            value, factor = scaled
            scale *= factor
        elif scale == 1.0 and (parts := _sum(graph, made)):
            value, added = parts
            operand, _ = _unmoved(graph, added, scaled=False)
            summands.append(_viewed(_expanded(operand, made.output.shape), weights.shape))
        else:
            return None


def _sum(graph: Graph, op: Op) -> tuple[Value, Value] | None:
    """The scores and what is added to them, which has the last axis of the scores."""
    if not isinstance(op, Binary) or op.kind != BinaryKind.ADD or op.activation != NONE:
        return None
    for scores, added in (op.inputs, op.inputs[::-1]):
        if (
            scores.shape == op.output.shape
            and not scores.is_known
            and added.shape[-1:] == scores.shape[-1:]
            and _has_product(graph, scores)
        ):
            return scores, added
    return None


def _has_product(graph: Graph, value: Value) -> bool:
    """Whether the scores come from here: of two computed terms only one does."""
    while True:
        made = graph.producer(value)
        if isinstance(made, MatMul):
            return True
        if isinstance(made, View | Binary):
            value = next((read for read in made.inputs if not read.is_known), made.inputs[0])
        else:
            return False


def _scaled(op: Op) -> tuple[Value, float] | None:
    """A value and the constant that it is multiplied with."""
    if not isinstance(op, Binary) or op.activation != NONE:
        return None
    left, right = op.inputs
    if op.kind == BinaryKind.MUL and left.data is not None:
        left, right = right, left
    if right.data is None or right.size != 1 or left.shape != op.output.shape:
        return None
    number = float(right.data.reshape(()))
    if op.kind == BinaryKind.MUL and isfinite(number):
        return left, number
    if op.kind == BinaryKind.DIV and number and isfinite(1 / number):
        return left, 1 / number
    return None


def _attention(graph: Graph, op: MatMul, scores: _Scores) -> Attention:
    weights, product = op.inputs[0], scores.product
    leading = weights.shape[:-2]
    outer = product.output.shape[:-2]
    scale = scores.scale
    operands = []
    for number, read in enumerate(product.inputs):
        operand, factor = _unmoved(graph, read, scaled=True)
        scale *= factor
        if number == 1 and not product.transposed:
            operand = _exchanged(operand)
        operand = _expanded(operand, (*outer, *operand.shape[-2:]))
        operands.append(_viewed(operand, (*leading, *operand.shape[-2:])))
    value, _ = _unmoved(graph, op.inputs[1], scaled=False)
    if op.transposed:
        value = _exchanged(value)
    shape = op.output.shape
    operands.append(_expanded(value, (*shape[:-2], *value.shape[-2:])))
    # The weights are the same for all that the values have more leading axes for.
    operands[:2] = [_expanded(one, (*shape[:-2], *one.shape[-2:])) for one in operands[:2]]
    summands = [_expanded(one, (*shape[:-2], *one.shape[-2:])) for one in scores.summands]
    operands += summands
    output, order = _result(graph, op.output)
    return Attention(op.label, [one.base for one in operands], output, tuple(operands), scale, order)


def _result(graph: Graph, value: Value) -> tuple[Value, tuple[int, ...]]:
    """The value after a transposition that alone reads it and keeps rows dense."""
    user, rank = graph.only_user(value), len(value.shape)
    if isinstance(user, Transpose) and user.order[-1] == rank - 1:
        graph.ops.remove(user)
        return user.output, user.order
    return value, tuple(range(rank))


def _before_views(graph: Graph, value: Value, user: Op) -> Value:
    """What `value` is a view of, as long as nothing else reads the views."""
    while isinstance(made := graph.producer(value), View) and graph.only_user(value) is user:
        value, user = made.inputs[0], made
    return value


def _unmoved(graph: Graph, value: Value, *, scaled: bool) -> tuple[Operand, float]:
    """`value` as moves of a base, and the factor that the moves leave out."""
    moves: list[Op] = []
    scale, base = 1.0, value
    while made := graph.producer(base):
        if isinstance(made, View | Transpose | Slice | Expand):
            moves.append(made)
            base = made.inputs[0]
        elif scaled and (found := _scaled(made)):
            base, factor = found
            scale *= factor
        else:
            break
    return Operand(base, tuple(reversed(moves)), value.shape), scale


def _expanded(operand: Operand, shape: tuple[int, ...]) -> Operand:
    if operand.shape == shape:
        return operand
    return operand.moved(Expand("attention", [], Value("expanded", shape)))


def _viewed(operand: Operand, shape: tuple[int, ...]) -> Operand:
    if operand.shape == shape:
        return operand
    return operand.moved(View("attention", [], Value("viewed", shape)))


def _exchanged(operand: Operand) -> Operand:
    """With its last two axes exchanged."""
    *leading, rows, columns = operand.shape
    rank = len(operand.shape)
    order = (*range(rank - 2), rank - 1, rank - 2)
    return operand.moved(Transpose("attention", [], Value("exchanged", (*leading, columns, rows)), order))
