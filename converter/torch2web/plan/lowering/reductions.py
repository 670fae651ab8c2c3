"""Reductions, which kernels do over the middle of three axes."""

from math import prod

from torch2web.plan.ir import Mean, Softmax, Value
from torch2web.plan.lowering.layouts import LAST, PLAIN, Layout, Layouts, order_of
from torch2web.plan.lowering.strides import dense, in_order, visible
from torch2web.plan.program import Instruction, OpKind, Tensor

_MEAN = 1


def lower_mean(layouts: Layouts, op: Mean) -> None:
    x = op.inputs[0]
    for layout in _candidates(layouts, x):
        order = visible(x.shape, order_of(layout, len(x.shape)))
        kept = tuple(axis for axis in order if axis not in op.axes)
        result = _layout_of(kept, op.output, x)
        if result is not None and (split := _split(x, order, op.axes)):
            _reduce(layouts, op, layouts.get(x, layout), split, result)
            return
    # The axes are apart: first a copy with them last.
    rank = len(x.shape)
    order = (*(axis for axis in range(rank) if axis not in op.axes), *op.axes)
    copied = layouts.copied(layouts.get(x, PLAIN), x.shape, dense(x.shape), order)
    _reduce(layouts, op, copied, (op.output.size, prod(x.shape[axis] for axis in op.axes), 1), PLAIN)


def _reduce(layouts: Layouts, op: Mean, x: Tensor, split: tuple[int, int, int], layout: Layout) -> None:
    y = layouts.put(op.output, layout, Tensor(op.output.size))
    layouts.emit(Instruction(OpKind.REDUCE, (x, y, _MEAN, *split), (x,), y))


def _candidates(layouts: Layouts, x: Value) -> list[Layout]:
    """Both, first the one that needs no copy."""
    return [LAST, PLAIN] if layouts.preferred(x) is LAST else [PLAIN]


def _layout_of(kept: tuple[int, ...], output: Value, x: Value) -> Layout | None:
    """Which layout a reduced value is in, whose axes of `x` lie as `kept` in memory."""
    if list(kept) == sorted(kept):
        return PLAIN
    if len(output.shape) == len(x.shape) and kept == visible(output.shape, order_of(LAST, len(x.shape))):
        return LAST
    return None


def _split(x: Value, order: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Sizes before, among and after `axes`, if these lie side by side in `order`."""
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
    x = op.inputs[0]
    rank = len(x.shape)
    for layout in _candidates(layouts, x):
        if split := _split(x, visible(x.shape, order_of(layout, rank)), op.axes):
            given = layouts.get(x, layout)
            y = layouts.put(op.output, layout, Tensor(given.length))
            layouts.emit(Instruction(OpKind.SOFTMAX, (given, y, *split), (given,), y, (given,)))
            return
    order = (*(axis for axis in range(rank) if axis not in op.axes), *op.axes)
    copied = layouts.copied(layouts.get(x, PLAIN), x.shape, dense(x.shape), order)
    middle = prod(x.shape[axis] for axis in op.axes)
    y = Tensor(copied.length)
    fields = (copied, y, x.size // middle, middle, 1)
    layouts.emit(Instruction(OpKind.SOFTMAX, fields, (copied,), y))
    layouts.put(op.output, PLAIN, layouts.copied(y, x.shape, in_order(x.shape, order), tuple(range(rank))))
