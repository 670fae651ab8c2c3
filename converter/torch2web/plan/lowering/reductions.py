"""Reductions: kernels reduce the middle of three axes."""

from collections.abc import Callable
from math import prod

from torch2web.plan import ops
from torch2web.plan.format import ReduceKind
from torch2web.plan.ir import Mean, Normalize, Reduce, Scale, Softmax, Value
from torch2web.plan.lowering.layouts import CHANNELS_LAST, ONNX, Layout, Layouts, order_of
from torch2web.plan.lowering.strides import dense, in_order, visible
from torch2web.plan.tensors import Tensor


def lower_mean(layouts: Layouts, op: Mean) -> None:
    _lower_reduction(layouts, op, ReduceKind.MEAN)


def lower_reduce(layouts: Layouts, op: Reduce) -> None:
    _lower_reduction(layouts, op, op.kind)


def _lower_reduction(layouts: Layouts, op: Mean | Reduce, kind: ReduceKind) -> None:
    x = op.inputs[0]
    for layout in _candidates(layouts, x):
        order = visible(x.shape, order_of(layout, len(x.shape)))
        remaining = tuple(axis for axis in order if axis not in op.axes)
        result = _layout_of(remaining, op.output, x)
        if result is not None and (split := _split(x, order, op.axes)):
            _reduce(layouts, op.output, kind, layouts.get(x, layout), split, result)
            return
    # The axes are not contiguous: copy with them last.
    rank = len(x.shape)
    order = (*(axis for axis in range(rank) if axis not in op.axes), *op.axes)
    copied = layouts.copied(layouts.get(x, ONNX), x.shape, dense(x.shape), order)
    split = op.output.size, prod(x.shape[axis] for axis in op.axes), 1
    _reduce(layouts, op.output, kind, copied, split, ONNX)


def _reduce(
    layouts: Layouts,
    output: Value,
    kind: ReduceKind,
    x: Tensor,
    split: tuple[int, int, int],
    layout: Layout,
) -> None:
    y = layouts.put(output, layout, Tensor(output.size))
    outer, middle, inner = split
    layouts.emit(ops.Reduce(x=x, y=y, kind=kind, outer=outer, middle=middle, inner=inner))


def _candidates(layouts: Layouts, x: Value) -> list[Layout]:
    """Layouts to try, the one that needs no copy first."""
    return [CHANNELS_LAST, ONNX] if layouts.preferred(x) is CHANNELS_LAST else [ONNX]


def _layout_of(remaining: tuple[int, ...], output: Value, x: Value) -> Layout | None:
    """Layout of a reduced value with the axes `remaining` of `x` in memory order; None if it has neither."""
    if list(remaining) == sorted(remaining):
        return ONNX
    if len(output.shape) == len(x.shape) and remaining == visible(
        output.shape, order_of(CHANNELS_LAST, len(x.shape))
    ):
        return CHANNELS_LAST
    return None


def _split(x: Value, order: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Sizes before, of and after `axes`; None if they are not contiguous in `order`."""
    places = [order.index(axis) for axis in axes if axis in order]
    if not places:
        return (prod(x.shape), 1, 1)
    first, last = min(places), max(places) + 1
    if last - first != len(places):
        return None
    parts = (order[:first], order[first:last], order[last:])
    outer, middle, inner = (prod(x.shape[axis] for axis in part) for part in parts)
    return outer, middle, inner


def lower_softmax(layouts: Layouts, op: Softmax) -> None:
    def emit(x: Tensor, y: Tensor, split: tuple[int, int, int]) -> None:
        outer, middle, inner = split
        layouts.emit(
            ops.Softmax(
                x=x,
                y=y,
                outer=outer,
                middle=middle,
                inner=inner,
                logarithm=int(op.logarithm),
                may_replace=(x,),
            )
        )

    _lower_along(layouts, op, _candidates(layouts, op.inputs[0]), emit)


def lower_normalize(layouts: Layouts, op: Normalize) -> None:
    x, *factors = op.inputs
    scale, shift = (layouts.get(value, ONNX) for value in factors) if factors else (None, None)

    def emit(given: Tensor, y: Tensor, split: tuple[int, int, int]) -> None:
        outer, middle, inner = split
        layouts.emit(
            ops.Normalize(
                x=given,
                scale=scale,
                shift=shift,
                y=y,
                outer=outer,
                middle=middle,
                inner=inner,
                epsilon=op.epsilon,
                may_replace=(given,),
            )
        )

    # Factors are by position in a dense row.
    _lower_along(layouts, op, [ONNX] if factors else _candidates(layouts, x), emit)


def lower_scale(layouts: Layouts, op: Scale) -> None:
    x, *constants = op.inputs
    factor, shift = (layouts.get(value, ONNX) for value in constants)
    layout = layouts.preferred(x)
    split = _split(x, visible(x.shape, order_of(layout, len(x.shape))), (op.axis,))
    assert split is not None, "of one axis"
    outer, middle, inner = split
    given = layouts.get(x, layout)
    layouts.emit(
        ops.Scale(
            x=given,
            factor=factor,
            shift=shift,
            y=layouts.put(op.output, layout, Tensor(given.length)),
            outer=outer,
            middle=middle,
            inner=inner,
            activation=op.activation,
            may_replace=(given,),
        )
    )


def _lower_along(
    layouts: Layouts,
    op: Softmax | Normalize,
    candidates: list[Layout],
    emit: Callable[[Tensor, Tensor, tuple[int, int, int]], None],
) -> None:
    """A kernel along `axes` of the first input, whose result has the same shape."""
    x = op.inputs[0]
    rank = len(x.shape)
    for layout in candidates:
        if split := _split(x, visible(x.shape, order_of(layout, rank)), op.axes):
            given = layouts.get(x, layout)
            emit(given, layouts.put(op.output, layout, Tensor(given.length)), split)
            return
    order = (*(axis for axis in range(rank) if axis not in op.axes), *op.axes)
    copied = layouts.copied(layouts.get(x, ONNX), x.shape, dense(x.shape), order)
    middle = prod(x.shape[axis] for axis in op.axes)
    y = Tensor(copied.length)
    emit(copied, y, (x.size // middle, middle, 1))
    layouts.put(op.output, ONNX, layouts.copied(y, x.shape, in_order(x.shape, order), tuple(range(rank))))
