"""Convolutions, pools and inverted residuals."""

from collections.abc import Iterator

from torch2web.plan import ops
from torch2web.plan.format import Place, PoolKind
from torch2web.plan.ir import NONE, Block, Conv, MeanOfSums, Pool, SqueezeExcite, Value
from torch2web.plan.lowering.layouts import CHANNELS_LAST, ONNX, Layouts
from torch2web.plan.lowering.packed_weights import pack_conv
from torch2web.plan.lowering.strides import in_order
from torch2web.plan.tensors import Tensor


def dimensions(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels; a height of 1 in one dimension."""
    return (shape[2] if len(shape) == 4 else 1), shape[-1], shape[1]


def _samples(tensor: Tensor, count: int) -> Iterator[Tensor]:
    """The samples of a batch: a kernel computes one."""
    each = tensor.length // count
    if count == 1:
        yield tensor
    else:
        yield from (tensor.part(number * each, each) for number in range(count))


def lower_conv(layouts: Layouts, op: Conv) -> None:
    x = op.inputs[0]
    weights = layouts.packed(*pack_conv(op))
    # Only `conv` reads channels first.
    general = not (op.is_pointwise or op.is_depthwise or op.tile)
    layout = ONNX if general and not layouts.has(x, CHANNELS_LAST) else CHANNELS_LAST
    given = layouts.get(x, layout)
    residual = None if op.residual is None else layouts.get(op.residual, CHANNELS_LAST)
    gate = None if op.gate is None else layouts.get(op.gate, ONNX)
    count = x.shape[0]
    y, step = layouts.put_pixels(op.output)
    order = (0, 1, 2, 3) if layout is ONNX else (0, 2, 3, 1)
    height, width, channels = dimensions(x.shape)
    strides = in_order((1, channels, height, width), order)
    for number, (one, result) in enumerate(zip(_samples(given, count), _samples(y, count), strict=True)):
        added = None if residual is None else list(_samples(residual, count))[number]
        if op.is_pointwise:
            _product(layouts, op, one, weights, gate, added, result, step)
        elif op.is_depthwise:
            _depthwise(layouts, op, one, weights, result)
        elif op.tile:
            _winograd(layouts, op, one, weights, added, result, step)
        else:
            _general(layouts, op, one, weights, added, result, step, strides)


def _product(
    layouts: Layouts,
    op: Conv,
    x: Tensor,
    weights: Tensor,
    gate: Tensor | None,
    residual: Tensor | None,
    y: Tensor,
    step: int,
) -> None:
    height, width, channels = dimensions(op.inputs[0].shape)
    layouts.emit(
        ops.Product(
            x=x,
            weights=weights,
            gate=gate,
            residual=residual,
            y=y,
            rows=height * width,
            inputs=channels,
            outputs=op.output.shape[1],
            y_stride=step,
            activation=op.activation,
            # Not if the product reads it as x too.
            may_replace=() if residual is None or residual.base is x.base else (residual,),
        )
    )


def conv_dimensions(op: Conv) -> tuple[int, int]:
    """Height and width of the output before the max pool."""
    height, width, _ = dimensions(op.inputs[0].shape)
    out = []
    for size, kernel, stride, dilation, pads in zip(
        (height, width), op.kernel, op.strides, op.dilations, (op.pads[0::2], op.pads[1::2]), strict=True
    ):
        out.append((size + sum(pads) - (kernel - 1) * dilation - 1) // stride + 1)
    return out[0], out[1]


def _general(
    layouts: Layouts,
    op: Conv,
    x: Tensor,
    weights: Tensor,
    residual: Tensor | None,
    y: Tensor,
    step: int,
    strides: tuple[int, ...],
) -> None:
    height, width, channels = dimensions(op.inputs[0].shape)
    out_height, out_width = conv_dimensions(op)
    _, x_channel, x_row, x_pixel = strides
    layouts.emit(
        ops.Conv(
            x=x,
            weights=weights,
            residual=residual,
            y=y,
            in_height=height,
            in_width=width,
            in_channels=channels,
            x_row=x_row,
            x_pixel=x_pixel,
            x_channel=x_channel,
            out_height=out_height,
            out_width=out_width,
            out_channels=op.output.shape[1],
            y_pixel=step,
            groups=op.group,
            kernel_height=op.kernel[0],
            kernel_width=op.kernel[1],
            stride_height=op.strides[0],
            stride_width=op.strides[1],
            dilation_height=op.dilations[0],
            dilation_width=op.dilations[1],
            pad_top=op.pads[0],
            pad_left=op.pads[1],
            max_pool=int(op.max_pool),
            activation=op.activation,
        )
    )


def _winograd(
    layouts: Layouts, op: Conv, x: Tensor, weights: Tensor, residual: Tensor | None, y: Tensor, step: int
) -> None:
    height, width, channels = dimensions(op.inputs[0].shape)
    out_height, out_width = conv_dimensions(op)
    layouts.emit(
        ops.Winograd(
            x=x,
            weights=weights,
            residual=residual,
            y=y,
            in_height=height,
            in_width=width,
            in_channels=channels,
            out_height=out_height,
            out_width=out_width,
            out_channels=op.output.shape[1],
            y_pixel=step,
            groups=op.group,
            tile=op.tile,
            pad_top=op.pads[0],
            pad_left=op.pads[1],
            max_pool=int(op.max_pool),
            activation=op.activation,
        )
    )


def _sums(with_sums: bool, value: Value) -> Tensor | None:
    return Tensor(value.shape[1], Place.SUMS) if with_sums else None


def _depthwise(layouts: Layouts, op: Conv, x: Tensor, weights: Tensor, y: Tensor) -> None:
    height, width, channels = dimensions(op.inputs[0].shape)
    out_height, out_width, _ = dimensions(op.output.shape)
    layouts.emit(
        ops.Depthwise(
            x=x,
            weights=weights,
            y=y,
            sums=_sums(op.with_sums, op.output),
            channels=channels,
            in_height=height,
            in_width=width,
            out_height=out_height,
            out_width=out_width,
            kernel_height=op.kernel[0],
            kernel_width=op.kernel[1],
            stride_height=op.strides[0],
            stride_width=op.strides[1],
            dilation_height=op.dilations[0],
            dilation_width=op.dilations[1],
            pad_top=op.pads[0],
            pad_left=op.pads[1],
            activation=op.activation,
        )
    )


def lower_block(layouts: Layouts, op: Block) -> None:
    x, *others = op.inputs
    given = layouts.get(x, CHANNELS_LAST)
    residual = layouts.get(others[0], CHANNELS_LAST) if others else None
    expand = None if op.expand is None else layouts.packed(*pack_conv(op.expand))
    weights = layouts.packed(*pack_conv(op.depthwise))
    project = None if op.project is None else layouts.packed(*pack_conv(op.project))
    y = layouts.put(op.output, CHANNELS_LAST, Tensor(op.output.size))
    depthwise = op.depthwise
    height, width, channels = dimensions(x.shape)
    out_height, out_width, out_channels = dimensions(op.output.shape)
    layouts.emit(
        ops.Block(
            x=given,
            expand=expand,
            depthwise=weights,
            project=project,
            residual=residual,
            y=y,
            sums=_sums(op.with_sums, op.output),
            in_height=height,
            in_width=width,
            in_channels=channels,
            mid_channels=depthwise.output.shape[1],
            out_height=out_height,
            out_width=out_width,
            out_channels=out_channels,
            kernel_height=depthwise.kernel[0],
            kernel_width=depthwise.kernel[1],
            stride_height=depthwise.strides[0],
            stride_width=depthwise.strides[1],
            pad_top=depthwise.pads[0],
            pad_left=depthwise.pads[1],
            expand_activation=NONE if op.expand is None else op.expand.activation,
            depthwise_activation=depthwise.activation,
            project_activation=NONE if op.project is None else op.project.activation,
        )
    )


def lower_squeeze_excite(layouts: Layouts, op: SqueezeExcite) -> None:
    x = op.inputs[0]
    height, width, channels = dimensions(x.shape)
    first, second = (layouts.packed(*pack_conv(conv)) for conv in (op.first, op.second))
    gate = layouts.put(op.output, ONNX, Tensor(channels))
    layouts.emit(
        ops.SqueezeExcite(
            sums=Tensor(channels, Place.SUMS),
            first=first,
            second=second,
            gate=gate,
            channels=channels,
            hidden=op.first.output.shape[1],
            pixels=height * width,
            first_activation=op.first.activation,
            second_activation=op.second.activation,
        )
    )


def lower_mean_of_sums(layouts: Layouts, op: MeanOfSums) -> None:
    height, width, channels = dimensions(op.inputs[0].shape)
    y = layouts.put(op.output, ONNX, Tensor(channels))
    sums = Tensor(channels, Place.SUMS)
    layouts.emit(ops.MeanOfSums(sums=sums, y=y, channels=channels, pixels=height * width))


def lower_pool(layouts: Layouts, op: Pool) -> None:
    x = op.inputs[0]
    given = layouts.get(x, CHANNELS_LAST)
    y, step = layouts.put_pixels(op.output)
    average = PoolKind.AVERAGE_WITH_PADDING if op.count_include_pad else PoolKind.AVERAGE
    height, width, channels = dimensions(x.shape)
    out_height, out_width, _ = dimensions(op.output.shape)
    for one, result in zip(_samples(given, x.shape[0]), _samples(y, x.shape[0]), strict=True):
        layouts.emit(
            ops.Pool(
                x=one,
                y=result,
                kind=average if op.average else PoolKind.MAX,
                channels=channels,
                in_height=height,
                in_width=width,
                out_height=out_height,
                out_width=out_width,
                y_pixel=step,
                kernel_height=op.kernel[0],
                kernel_width=op.kernel[1],
                stride_height=op.strides[0],
                stride_width=op.strides[1],
                dilation_height=op.dilations[0],
                dilation_width=op.dilations[1],
                pad_top=op.pads[0],
                pad_left=op.pads[1],
                pad_bottom=op.pads[2],
                pad_right=op.pads[3],
            )
        )
