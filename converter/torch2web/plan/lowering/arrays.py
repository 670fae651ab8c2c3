"""Elementwise operators, and operators that move elements."""

from torch2web.plan import ops
from torch2web.plan.ir import Binary, Concat, Expand, Pad, Slice, Transpose, Value
from torch2web.plan.lowering.layouts import CHANNELS_LAST, ONNX, Layout, Layouts, order_of, padded
from torch2web.plan.lowering.strides import Strides, broadcast, dense, in_order, merged, offsets, visible
from torch2web.plan.tensors import Tensor


def _target(layouts: Layouts, inputs: list[Value], rank: int) -> Layout:
    """Channels last if an input of this rank is available so."""
    images = (v for v in inputs if len(v.shape) == rank and not v.is_known and not layouts.has_one_layout(v))
    return CHANNELS_LAST if any(layouts.has(value, CHANNELS_LAST) for value in images) else ONNX


def _operand(
    layouts: Layouts, value: Value, target: Layout, shape: tuple[int, ...]
) -> tuple[Tensor, Strides]:
    """An operand and its strides by axis of `shape`."""
    same_rank = len(value.shape) == len(shape)
    layout = target if same_rank and value.weight is None else ONNX
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
    whole = dense(sizes)
    layouts.emit(
        ops.Binary(
            a=a,
            b=b,
            y=y,
            kind=op.kind,
            rank=len(sizes),
            shape=padded(sizes, 1),
            a_strides=padded(a_strides, 0),
            b_strides=padded(b_strides, 0),
            activation=op.activation,
            may_replace=tuple(t for t, own in ((a, a_strides), (b, b_strides)) if own == whole),
        )
    )


def lower_transpose(layouts: Layouts, op: Transpose) -> None:
    """No instruction if the elements are already in the right order in memory."""
    x, y = op.inputs[0], op.output
    rank = len(x.shape)
    for has in (CHANNELS_LAST, ONNX):
        if not layouts.has(x, has):
            continue
        lies = visible(x.shape, order_of(has, rank))
        for layout in (ONNX, CHANNELS_LAST):
            wanted = tuple(op.order[axis] for axis in order_of(layout, rank))
            if lies == visible(x.shape, wanted):
                layouts.put(y, layout, layouts.get(x, has))
                return
    layout = layouts.preferred(x)
    strides = in_order(x.shape, order_of(layout, rank))
    layouts.put(y, ONNX, layouts.copied(layouts.get(x, layout), x.shape, strides, op.order))


def lower_concat(layouts: Layouts, op: Concat) -> None:
    shape = op.output.shape
    in_place = any(value in layouts.channels for value in op.inputs)
    target = CHANNELS_LAST if in_place else _target(layouts, op.inputs, len(shape))
    order = order_of(target, len(shape))
    y = layouts.put(op.output, target, layouts.joined(op.output))
    y_strides = in_order(shape, order)
    starts = offsets([value.shape[op.axis] for value in op.inputs])
    for value, start in zip(op.inputs, starts, strict=True):
        if value in layouts.channels:
            continue
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


def lower_expand(layouts: Layouts, op: Expand) -> None:
    shape = op.output.shape
    if op.inputs[0].size == op.output.size:
        layouts.put_view(op.output, op.inputs[0])
        return
    target = _target(layouts, op.inputs, len(shape))
    order = order_of(target, len(shape))
    x, strides = _operand(layouts, op.inputs[0], target, shape)
    y = layouts.put(op.output, target, Tensor(op.output.size))
    _move(layouts, x, y, shape, strides, in_order(shape, order), order, (0, 0))


def lower_pad(layouts: Layouts, op: Pad) -> None:
    """Fills the output, then copies the input into it; negative padding crops."""
    x = op.inputs[0]
    layout = layouts.preferred(x)
    order = order_of(layout, len(x.shape))
    given = layouts.get(x, layout)
    y = layouts.put(op.output, layout, Tensor(op.output.size))
    layouts.emit(ops.Fill(y=y, count=y.length, value=float(op.value)))
    x_strides, y_strides = in_order(x.shape, order), in_order(op.output.shape, order)
    skipped = [max(-before, 0) for before in op.before]
    begins = [max(before, 0) for before in op.before]
    moved = tuple(
        min(size - skip, out - begin)
        for size, skip, out, begin in zip(x.shape, skipped, op.output.shape, begins, strict=True)
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
