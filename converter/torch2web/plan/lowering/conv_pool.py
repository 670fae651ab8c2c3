"""Convolutions, pools and blocks of them."""

from collections.abc import Iterator

from torch2web.plan.ir import Block, Conv, MeanOfSums, Pool, SqueezeExcite, Value
from torch2web.plan.lowering.layouts import LAST, PLAIN, Layouts
from torch2web.plan.lowering.packed_weights import conv_slot
from torch2web.plan.lowering.strides import in_order
from torch2web.plan.program import Instruction, OpKind, Place, Tensor


def sides(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels of each picture, which may have no height."""
    return (shape[2] if len(shape) == 4 else 1), shape[-1], shape[1]


def _pictures(tensor: Tensor, count: int) -> Iterator[Tensor]:
    """Kernels take one at a time."""
    each = tensor.length // count
    if count == 1:
        yield tensor
    else:
        yield from (tensor.part(number * each, each) for number in range(count))


def lower_conv(layouts: Layouts, op: Conv) -> None:
    x = op.inputs[0]
    slot, records = conv_slot(op)
    weights = layouts.slot(slot, records)
    # Only the general kernel reads channels first.
    general = not (op.is_pointwise or op.is_depthwise)
    layout = PLAIN if general and not layouts.has(x, LAST) else LAST
    given = layouts.get(x, layout)
    residual = None if op.residual is None else layouts.get(op.residual, LAST)
    gate = None if op.gate is None else layouts.get(op.gate, PLAIN)
    y = layouts.put(op.output, LAST, Tensor(op.output.size))
    count = x.shape[0]
    order = (0, 1, 2, 3) if layout is PLAIN else (0, 2, 3, 1)
    height, width, channels = sides(x.shape)
    strides = in_order((1, channels, height, width), order)
    for number, (one, result) in enumerate(zip(_pictures(given, count), _pictures(y, count), strict=True)):
        added = None if residual is None else list(_pictures(residual, count))[number]
        if op.is_pointwise:
            _product(layouts, op, one, weights, gate, added, result)
        elif op.is_depthwise:
            _depthwise(layouts, op, one, weights, result)
        else:
            _general(layouts, op, one, weights, added, result, strides)


def _given(*tensors: Tensor | None) -> tuple[Tensor, ...]:
    return tuple(tensor for tensor in tensors if tensor is not None)


def _product(
    layouts: Layouts,
    op: Conv,
    x: Tensor,
    weights: Tensor,
    gate: Tensor | None,
    residual: Tensor | None,
    y: Tensor,
) -> None:
    height, width, channels = sides(op.inputs[0].shape)
    fields = (x, weights, gate, residual, y, height * width, channels, op.output.shape[1], op.activation)
    # What is added may make way for the result, but not what is also multiplied.
    replaced = () if residual is None or residual.base is x.base else (residual,)
    layouts.emit(Instruction(OpKind.PRODUCT, fields, _given(x, weights, gate, residual), y, replaced))


def conv_sides(op: Conv) -> tuple[int, int]:
    """Height and width of the convolution's own output, before pooling."""
    height, width, _ = sides(op.inputs[0].shape)
    out = []
    for side, kernel, stride, dilation, pads in zip(
        (height, width), op.kernel, op.strides, op.dilations, (op.pads[0::2], op.pads[1::2]), strict=True
    ):
        out.append((side + sum(pads) - (kernel - 1) * dilation - 1) // stride + 1)
    return out[0], out[1]


def _general(
    layouts: Layouts,
    op: Conv,
    x: Tensor,
    weights: Tensor,
    residual: Tensor | None,
    y: Tensor,
    strides: tuple[int, ...],
) -> None:
    height, width, channels = sides(op.inputs[0].shape)
    _, x_channel, x_row, x_pixel = strides
    fields = (
        *(x, weights, residual, y, height, width, channels, x_row, x_pixel, x_channel),
        *(*conv_sides(op), op.output.shape[1], op.group, *op.kernel, *op.strides, *op.dilations),
        *(*op.pads[:2], int(op.max_pool), op.activation),
    )
    layouts.emit(Instruction(OpKind.CONV, fields, _given(x, weights, residual), y))


def _sums(gathers: bool, value: Value) -> Tensor | None:
    return Tensor(value.shape[1], Place.SUMS) if gathers else None


def _depthwise(layouts: Layouts, op: Conv, x: Tensor, weights: Tensor, y: Tensor) -> None:
    height, width, channels = sides(op.inputs[0].shape)
    out_height, out_width, _ = sides(op.output.shape)
    sums = _sums(op.gathers, op.output)
    fields = (
        *(x, weights, y, sums, channels, height, width, out_height, out_width),
        *(*op.kernel, *op.strides, *op.dilations, *op.pads[:2], op.activation),
    )
    layouts.emit(Instruction(OpKind.DEPTHWISE, fields, (x, weights), y))


def lower_block(layouts: Layouts, op: Block) -> None:
    x, *others = op.inputs
    given = layouts.get(x, LAST)
    residual = layouts.get(others[0], LAST) if others else None
    weights = [
        None if conv is None else layouts.slot(*conv_slot(conv))
        for conv in (op.expand, op.depthwise, op.project)
    ]
    y = layouts.put(op.output, LAST, Tensor(op.output.size))
    depthwise = op.depthwise
    height, width, channels = sides(x.shape)
    out_height, out_width, out_channels = sides(op.output.shape)
    sums = _sums(op.gathers, op.output)
    none = depthwise.activation.__class__()
    activations = [none if conv is None else conv.activation for conv in (op.expand, depthwise, op.project)]
    fields = (
        *(given, *weights, residual, y, sums, height, width, channels, depthwise.output.shape[1]),
        *(out_height, out_width, out_channels, *depthwise.kernel, *depthwise.strides, *depthwise.pads[:2]),
        *activations,
    )
    layouts.emit(Instruction(OpKind.BLOCK, fields, _given(given, *weights, residual), y))


def lower_squeeze_excite(layouts: Layouts, op: SqueezeExcite) -> None:
    x = op.inputs[0]
    height, width, channels = sides(x.shape)
    first, second = (layouts.slot(*conv_slot(conv)) for conv in (op.first, op.second))
    gate = layouts.put(op.output, PLAIN, Tensor(channels))
    hidden = op.first.output.shape[1]
    fields = (
        *(Tensor(channels, Place.SUMS), first, second, gate, channels, hidden, height * width),
        *(op.first.activation, op.second.activation),
    )
    layouts.emit(Instruction(OpKind.SQUEEZE_EXCITE, fields, (first, second), gate))


def lower_mean_of_sums(layouts: Layouts, op: MeanOfSums) -> None:
    height, width, channels = sides(op.inputs[0].shape)
    y = layouts.put(op.output, PLAIN, Tensor(channels))
    fields = (Tensor(channels, Place.SUMS), y, channels, height * width)
    layouts.emit(Instruction(OpKind.MEAN_OF_SUMS, fields, (), y))


def lower_pool(layouts: Layouts, op: Pool) -> None:
    x = op.inputs[0]
    given = layouts.get(x, LAST)
    y = layouts.put(op.output, LAST, Tensor(op.output.size))
    kind = (2 if op.counts_padding else 1) if op.average else 0
    height, width, channels = sides(x.shape)
    out_height, out_width, _ = sides(op.output.shape)
    for one, result in zip(_pictures(given, x.shape[0]), _pictures(y, x.shape[0]), strict=True):
        fields = (
            *(one, result, kind, channels, height, width, out_height, out_width),
            *(*op.kernel, *op.strides, *op.dilations, *op.pads),
        )
        layouts.emit(Instruction(OpKind.POOL, fields, (one,), result))
