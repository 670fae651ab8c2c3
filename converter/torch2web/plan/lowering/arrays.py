"""Elementwise operators and those that only move elements."""

from torch2web.plan.ir import Binary, Concat, Pad, Slice, Transpose, Value
from torch2web.plan.lowering.layouts import LAST, PLAIN, Layout, Layouts, order_of, padded
from torch2web.plan.lowering.strides import Strides, broadcast, dense, in_order, merged, runs, visible
from torch2web.plan.program import Field, Instruction, OpKind, Tensor


def _target(layouts: Layouts, inputs: list[Value], rank: int) -> Layout:
    """Channels last where an input of this rank is so already."""
    pictures = (v for v in inputs if len(v.shape) == rank and not v.is_known and not layouts.is_one_layout(v))
    return LAST if any(layouts.has(value, LAST) for value in pictures) else PLAIN


def _operand(
    layouts: Layouts, value: Value, target: Layout, shape: tuple[int, ...]
) -> tuple[Tensor, Strides]:
    """An operand, and its strides by axis of `shape`."""
    same_rank = len(value.shape) == len(shape)
    layout = target if same_rank and value.weight is None else PLAIN
    tensor = layouts.get(value, layout)
    strides = in_order(value.shape, order_of(layout, len(value.shape)))
    return tensor, broadcast(value.shape, strides, shape)


def lower_binary(layouts: Layouts, op: Binary) -> None:
    shape = op.output.shape
    target = _target(layouts, op.inputs, len(shape))
    order = order_of(target, len(shape))
    operands = [_operand(layouts, value, target, shape) for value in op.inputs]
    ordered = [shape[axis] for axis in order]
    strides = [tuple(by_axis[axis] for axis in order) for _, by_axis in operands]
    sizes, (a_strides, b_strides, _) = merged(ordered, *strides, dense(ordered))
    (a, _), (b, _) = operands
    y = layouts.put(op.output, target, Tensor(op.output.size))
    axes = [*padded(sizes, 1), *padded(a_strides, 0), *padded(b_strides, 0)]
    fields: tuple[Field, ...] = (a, b, y, int(op.kind), len(sizes), *axes, op.activation)
    whole = dense(sizes)
    replaced = tuple(t for t, own in ((a, a_strides), (b, b_strides)) if own == whole)
    layouts.emit(Instruction(OpKind.BINARY, fields, (a, b), y, replaced))


def lower_transpose(layouts: Layouts, op: Transpose) -> None:
    """Nothing to do where the elements already lie as they should."""
    x, y = op.inputs[0], op.output
    rank = len(x.shape)
    for has in (LAST, PLAIN):
        if not layouts.has(x, has):
            continue
        lies = visible(x.shape, order_of(has, rank))
        for layout in (PLAIN, LAST):
            wanted = tuple(op.order[axis] for axis in order_of(layout, rank))
            if lies == visible(x.shape, wanted):
                layouts.put(y, layout, layouts.get(x, has))
                return
    layout = layouts.preferred(x)
    strides = in_order(x.shape, order_of(layout, rank))
    layouts.put(y, PLAIN, layouts.copied(layouts.get(x, layout), x.shape, strides, op.order))


def lower_concat(layouts: Layouts, op: Concat) -> None:
    shape = op.output.shape
    target = _target(layouts, op.inputs, len(shape))
    order = order_of(target, len(shape))
    y = layouts.put(op.output, target, Tensor(op.output.size))
    y_strides = in_order(shape, order)
    starts = runs([value.shape[op.axis] for value in op.inputs])
    for value, start in zip(op.inputs, starts, strict=True):
        x, strides = _operand(layouts, value, target, value.shape)
        _move(layouts, x, y, value.shape, strides, y_strides, order, (0, start * y_strides[op.axis]))


def _move(
    layouts: Layouts,
    x: Tensor,
    y: Tensor,
    shape: tuple[int, ...],
    x_strides: Strides,
    y_strides: Strides,
    order: tuple[int, ...],
    first: tuple[int, int],
) -> None:
    ordered = [shape[axis] for axis in order]
    from_strides, to_strides = (tuple(s[axis] for axis in order) for s in (x_strides, y_strides))
    layouts.copy(x, y, ordered, from_strides, to_strides, first)


def lower_pad(layouts: Layouts, op: Pad) -> None:
    """Filled, and then the input put into the middle; negative padding cuts."""
    x = op.inputs[0]
    layout = layouts.preferred(x)
    order = order_of(layout, len(x.shape))
    given = layouts.get(x, layout)
    y = layouts.put(op.output, layout, Tensor(op.output.size))
    layouts.emit(Instruction(OpKind.FILL, (y, y.length, float(op.value)), (), y))
    x_strides, y_strides = in_order(x.shape, order), in_order(op.output.shape, order)
    skipped = [max(-before, 0) for before in op.before]
    begins = [max(before, 0) for before in op.before]
    moved = tuple(
        min(side - skip, out - begin)
        for side, skip, out, begin in zip(x.shape, skipped, op.output.shape, begins, strict=True)
    )
    if min(moved) <= 0:
        return
    first = _at(skipped, x_strides), _at(begins, y_strides)
    _move(layouts, given, y, moved, x_strides, y_strides, order, first)


def _at(index: list[int] | tuple[int, ...], strides: Strides) -> int:
    return sum(i * stride for i, stride in zip(index, strides, strict=True))


def lower_slice(layouts: Layouts, op: Slice) -> None:
    x, shape = op.inputs[0], op.output.shape
    layout = layouts.preferred(x)
    order = order_of(layout, len(x.shape))
    given = layouts.get(x, layout)
    y = layouts.put(op.output, layout, Tensor(op.output.size))
    x_strides, y_strides = in_order(x.shape, order), in_order(shape, order)
    stepped = tuple(stride * step for stride, step in zip(x_strides, op.steps, strict=True))
    _move(layouts, given, y, shape, stepped, y_strides, order, (_at(op.starts, x_strides), 0))
