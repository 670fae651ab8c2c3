"""The operators of the engine, with the fields of each by name and type.

Generated from web/engine/ops.toml by `python -m web.engine.generate_ops`: edit the table, not this file.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from torch2web.plan.field_types import TYPE, Access, ActivationField, FloatField, IntegerField, TensorField
from torch2web.plan.format import MAX_DIMENSION, MAX_FLOATS, MAX_RANK, BinaryKind, PoolKind, ReduceKind
from torch2web.plan.ir import Activation
from torch2web.plan.program import Instruction
from torch2web.plan.tensors import Tensor

_ACTIVATION = {TYPE: ActivationField()}
_BINARY_KIND = {TYPE: IntegerField(0, len(BinaryKind) - 1)}
_DIMENSION = {TYPE: IntegerField(1, MAX_DIMENSION)}
_FLAG = {TYPE: IntegerField(0, 1)}
_FLOAT = {TYPE: FloatField()}
_INPUT = {TYPE: TensorField(Access.READ)}
_LENGTH = {TYPE: IntegerField(1, MAX_FLOATS)}
_MATRIX = {TYPE: TensorField(Access.READ)}
_OFFSET = {TYPE: IntegerField(0, MAX_FLOATS)}
_OPTIONAL_INPUT = {TYPE: TensorField(Access.READ, optional=True)}
_OPTIONAL_PARTIAL_SUMS = {TYPE: TensorField(Access.SUMS, optional=True)}
_OUTPUT = {TYPE: TensorField(Access.WRITTEN)}
_PADDING = {TYPE: IntegerField(0, MAX_DIMENSION)}
_PARTIAL_OUTPUT = {TYPE: TensorField(Access.UPDATED)}
_POOL_KIND = {TYPE: IntegerField(0, len(PoolKind) - 1)}
_RANK = {TYPE: IntegerField(1, MAX_RANK)}
_REDUCE_KIND = {TYPE: IntegerField(0, len(ReduceKind) - 1)}
_SHAPE = {TYPE: IntegerField(1, MAX_FLOATS, MAX_RANK)}
_SIGNED_STRIDES = {TYPE: IntegerField(-MAX_FLOATS, MAX_FLOATS, MAX_RANK)}
_STRIDE = {TYPE: IntegerField(0, MAX_FLOATS)}
_STRIDES = {TYPE: IntegerField(0, MAX_FLOATS, MAX_RANK)}
_SUMS = {TYPE: TensorField(Access.SUMS)}


@dataclass(eq=False, kw_only=True)
class Activate(Instruction):
    """y[i] = activation(x[i]); y == x is allowed."""

    number: ClassVar[int] = 0
    name: ClassVar[str] = "ACTIVATE"

    x: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    count: int = field(metadata=_LENGTH)
    activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class Product(Instruction):
    """y[row][j] = activation(sum over i of x[row][i] * gate[i] * w[i][j] + bias[j] + residual[row][j])."""

    number: ClassVar[int] = 1
    name: ClassVar[str] = "PRODUCT"

    x: Tensor = field(metadata=_INPUT)
    weights: Tensor = field(metadata=_INPUT)
    gate: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    residual: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    rows: int = field(metadata=_DIMENSION)
    inputs: int = field(metadata=_DIMENSION)
    outputs: int = field(metadata=_DIMENSION)
    y_stride: int = field(metadata=_STRIDE)
    activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class Matrix(Instruction):
    """y[row][j] = activation(sum over i of x[row][i] * w[i][j] + bias[j] + residual[row][j])."""

    number: ClassVar[int] = 2
    name: ClassVar[str] = "MATRIX"

    x: Tensor = field(metadata=_INPUT)
    weights: Tensor = field(metadata=_MATRIX)
    residual: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    rows: int = field(metadata=_DIMENSION)
    inputs: int = field(metadata=_DIMENSION)
    outputs: int = field(metadata=_DIMENSION)
    activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class Conv(Instruction):
    """A convolution of any kernel, stride, dilation, zero padding, number of groups and of channels."""

    number: ClassVar[int] = 3
    name: ClassVar[str] = "CONV"

    x: Tensor = field(metadata=_INPUT)
    weights: Tensor = field(metadata=_INPUT)
    residual: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    in_height: int = field(metadata=_DIMENSION)
    in_width: int = field(metadata=_DIMENSION)
    in_channels: int = field(metadata=_DIMENSION)
    x_row: int = field(metadata=_STRIDE)
    x_pixel: int = field(metadata=_STRIDE)
    x_channel: int = field(metadata=_STRIDE)
    out_height: int = field(metadata=_DIMENSION)
    out_width: int = field(metadata=_DIMENSION)
    out_channels: int = field(metadata=_DIMENSION)
    y_pixel: int = field(metadata=_STRIDE)
    groups: int = field(metadata=_DIMENSION)
    kernel_height: int = field(metadata=_DIMENSION)
    kernel_width: int = field(metadata=_DIMENSION)
    stride_height: int = field(metadata=_DIMENSION)
    stride_width: int = field(metadata=_DIMENSION)
    dilation_height: int = field(metadata=_DIMENSION)
    dilation_width: int = field(metadata=_DIMENSION)
    pad_top: int = field(metadata=_PADDING)
    pad_left: int = field(metadata=_PADDING)
    max_pool: int = field(metadata=_FLAG)
    activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class Depthwise(Instruction):
    """A convolution of each channel alone: groups == in_channels == out_channels."""

    number: ClassVar[int] = 4
    name: ClassVar[str] = "DEPTHWISE"

    x: Tensor = field(metadata=_INPUT)
    weights: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    sums: Tensor | None = field(metadata=_OPTIONAL_PARTIAL_SUMS)
    channels: int = field(metadata=_DIMENSION)
    in_height: int = field(metadata=_DIMENSION)
    in_width: int = field(metadata=_DIMENSION)
    out_height: int = field(metadata=_DIMENSION)
    out_width: int = field(metadata=_DIMENSION)
    kernel_height: int = field(metadata=_DIMENSION)
    kernel_width: int = field(metadata=_DIMENSION)
    stride_height: int = field(metadata=_DIMENSION)
    stride_width: int = field(metadata=_DIMENSION)
    dilation_height: int = field(metadata=_DIMENSION)
    dilation_width: int = field(metadata=_DIMENSION)
    pad_top: int = field(metadata=_PADDING)
    pad_left: int = field(metadata=_PADDING)
    activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class Block(Instruction):
    """An inverted residual in one pass: expand (1x1), depthwise, project (1x1), each with its activation."""

    number: ClassVar[int] = 5
    name: ClassVar[str] = "BLOCK"

    x: Tensor = field(metadata=_INPUT)
    expand: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    depthwise: Tensor = field(metadata=_INPUT)
    project: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    residual: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    sums: Tensor | None = field(metadata=_OPTIONAL_PARTIAL_SUMS)
    in_height: int = field(metadata=_DIMENSION)
    in_width: int = field(metadata=_DIMENSION)
    in_channels: int = field(metadata=_DIMENSION)
    mid_channels: int = field(metadata=_DIMENSION)
    out_height: int = field(metadata=_DIMENSION)
    out_width: int = field(metadata=_DIMENSION)
    out_channels: int = field(metadata=_DIMENSION)
    kernel_height: int = field(metadata=_DIMENSION)
    kernel_width: int = field(metadata=_DIMENSION)
    stride_height: int = field(metadata=_DIMENSION)
    stride_width: int = field(metadata=_DIMENSION)
    pad_top: int = field(metadata=_PADDING)
    pad_left: int = field(metadata=_PADDING)
    expand_activation: Activation = field(metadata=_ACTIVATION)
    depthwise_activation: Activation = field(metadata=_ACTIVATION)
    project_activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class SqueezeExcite(Instruction):
    """gate = second_activation(w2 * first_activation(w1 * mean + bias1) + bias2)."""

    number: ClassVar[int] = 6
    name: ClassVar[str] = "SQUEEZE_EXCITE"

    sums: Tensor = field(metadata=_SUMS)
    first: Tensor = field(metadata=_INPUT)
    second: Tensor = field(metadata=_INPUT)
    gate: Tensor = field(metadata=_OUTPUT)
    channels: int = field(metadata=_DIMENSION)
    hidden: int = field(metadata=_DIMENSION)
    pixels: int = field(metadata=_DIMENSION)
    first_activation: Activation = field(metadata=_ACTIVATION)
    second_activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class MeanOfSums(Instruction):
    """y[channel] = sum of the rows of `sums` / pixels: a global average pool after a depthwise with sums."""

    number: ClassVar[int] = 7
    name: ClassVar[str] = "MEAN_OF_SUMS"

    sums: Tensor = field(metadata=_SUMS)
    y: Tensor = field(metadata=_OUTPUT)
    channels: int = field(metadata=_DIMENSION)
    pixels: int = field(metadata=_DIMENSION)


@dataclass(eq=False, kw_only=True)
class Pool(Instruction):
    """A pool; every window has a value inside the input."""

    number: ClassVar[int] = 8
    name: ClassVar[str] = "POOL"

    x: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    kind: PoolKind = field(metadata=_POOL_KIND)
    channels: int = field(metadata=_DIMENSION)
    in_height: int = field(metadata=_DIMENSION)
    in_width: int = field(metadata=_DIMENSION)
    out_height: int = field(metadata=_DIMENSION)
    out_width: int = field(metadata=_DIMENSION)
    y_pixel: int = field(metadata=_STRIDE)
    kernel_height: int = field(metadata=_DIMENSION)
    kernel_width: int = field(metadata=_DIMENSION)
    stride_height: int = field(metadata=_DIMENSION)
    stride_width: int = field(metadata=_DIMENSION)
    dilation_height: int = field(metadata=_DIMENSION)
    dilation_width: int = field(metadata=_DIMENSION)
    pad_top: int = field(metadata=_PADDING)
    pad_left: int = field(metadata=_PADDING)
    pad_bottom: int = field(metadata=_PADDING)
    pad_right: int = field(metadata=_PADDING)


@dataclass(eq=False, kw_only=True)
class Reduce(Instruction):
    """y[o][i] = the reduction of x[o][m][i] over m."""

    number: ClassVar[int] = 9
    name: ClassVar[str] = "REDUCE"

    x: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    kind: ReduceKind = field(metadata=_REDUCE_KIND)
    outer: int = field(metadata=_DIMENSION)
    middle: int = field(metadata=_DIMENSION)
    inner: int = field(metadata=_DIMENSION)


@dataclass(eq=False, kw_only=True)
class Softmax(Instruction):
    """y[o][m][i] = exp(x[o][m][i]) / sum over m, or its logarithm; y == x is allowed."""

    number: ClassVar[int] = 10
    name: ClassVar[str] = "SOFTMAX"

    x: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    outer: int = field(metadata=_DIMENSION)
    middle: int = field(metadata=_DIMENSION)
    inner: int = field(metadata=_DIMENSION)
    logarithm: int = field(metadata=_FLAG)


@dataclass(eq=False, kw_only=True)
class Normalize(Instruction):
    """y[o][m][i] = (x[o][m][i] - mean over m) / sqrt(variance over m + epsilon); y == x is allowed."""

    number: ClassVar[int] = 11
    name: ClassVar[str] = "NORMALIZE"

    x: Tensor = field(metadata=_INPUT)
    scale: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    shift: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    outer: int = field(metadata=_DIMENSION)
    middle: int = field(metadata=_DIMENSION)
    inner: int = field(metadata=_DIMENSION)
    epsilon: float = field(metadata=_FLOAT)


@dataclass(eq=False, kw_only=True)
class Binary(Instruction):
    """y = activation(a op b), y dense in `shape`; axes that an operand repeats have stride 0 there."""

    number: ClassVar[int] = 12
    name: ClassVar[str] = "BINARY"

    a: Tensor = field(metadata=_INPUT)
    b: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    kind: BinaryKind = field(metadata=_BINARY_KIND)
    rank: int = field(metadata=_RANK)
    shape: tuple[int, ...] = field(metadata=_SHAPE)
    a_strides: tuple[int, ...] = field(metadata=_STRIDES)
    b_strides: tuple[int, ...] = field(metadata=_STRIDES)
    activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class Copy(Instruction):
    """y[sum of index * y_strides] = x[sum of index * x_strides] for all indices in `shape`."""

    number: ClassVar[int] = 13
    name: ClassVar[str] = "COPY"

    x: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_PARTIAL_OUTPUT)
    x_first: int = field(metadata=_OFFSET)
    y_first: int = field(metadata=_OFFSET)
    rank: int = field(metadata=_RANK)
    shape: tuple[int, ...] = field(metadata=_SHAPE)
    x_strides: tuple[int, ...] = field(metadata=_SIGNED_STRIDES)
    y_strides: tuple[int, ...] = field(metadata=_STRIDES)


@dataclass(eq=False, kw_only=True)
class Fill(Instruction):
    """y[i] = value."""

    number: ClassVar[int] = 14
    name: ClassVar[str] = "FILL"

    y: Tensor = field(metadata=_OUTPUT)
    count: int = field(metadata=_LENGTH)
    value: float = field(metadata=_FLOAT)


@dataclass(eq=False, kw_only=True)
class Products(Instruction):
    """Several products of computed matrices: y[n][row][j] = sum over i of x[n][row][i] * w[n][i][j]."""

    number: ClassVar[int] = 15
    name: ClassVar[str] = "PRODUCTS"

    x: Tensor = field(metadata=_INPUT)
    w: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    count: int = field(metadata=_DIMENSION)
    rows: int = field(metadata=_DIMENSION)
    inputs: int = field(metadata=_DIMENSION)
    outputs: int = field(metadata=_DIMENSION)
    x_step: int = field(metadata=_STRIDE)
    w_step: int = field(metadata=_STRIDE)
    input_stride: int = field(metadata=_STRIDE)
    output_stride: int = field(metadata=_STRIDE)


@dataclass(eq=False, kw_only=True)
class Attention(Instruction):
    """y[row] = sum over keys of v[key] * softmax over keys of (scale * (q[row] . k[key]) + bias[row][key]
    + mask[row][key])."""

    number: ClassVar[int] = 16
    name: ClassVar[str] = "ATTENTION"

    q: Tensor = field(metadata=_INPUT)
    k: Tensor = field(metadata=_INPUT)
    v: Tensor = field(metadata=_INPUT)
    bias: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    mask: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    y: Tensor = field(metadata=_PARTIAL_OUTPUT)
    q_first: int = field(metadata=_OFFSET)
    k_first: int = field(metadata=_OFFSET)
    v_first: int = field(metadata=_OFFSET)
    y_first: int = field(metadata=_OFFSET)
    outer: int = field(metadata=_DIMENSION)
    heads: int = field(metadata=_DIMENSION)
    rows: int = field(metadata=_DIMENSION)
    keys: int = field(metadata=_DIMENSION)
    depth: int = field(metadata=_DIMENSION)
    width: int = field(metadata=_DIMENSION)
    q_outer: int = field(metadata=_STRIDE)
    q_head: int = field(metadata=_STRIDE)
    q_row: int = field(metadata=_STRIDE)
    k_outer: int = field(metadata=_STRIDE)
    k_head: int = field(metadata=_STRIDE)
    k_row: int = field(metadata=_STRIDE)
    v_outer: int = field(metadata=_STRIDE)
    v_head: int = field(metadata=_STRIDE)
    v_row: int = field(metadata=_STRIDE)
    bias_outer: int = field(metadata=_STRIDE)
    bias_head: int = field(metadata=_STRIDE)
    bias_row: int = field(metadata=_STRIDE)
    mask_outer: int = field(metadata=_STRIDE)
    mask_head: int = field(metadata=_STRIDE)
    mask_row: int = field(metadata=_STRIDE)
    y_outer: int = field(metadata=_STRIDE)
    y_head: int = field(metadata=_STRIDE)
    y_row: int = field(metadata=_STRIDE)
    scale: float = field(metadata=_FLOAT)


@dataclass(eq=False, kw_only=True)
class Scale(Instruction):
    """y[o][m][i] = activation(x[o][m][i] * factor[m] + shift[m]); y == x is allowed."""

    number: ClassVar[int] = 17
    name: ClassVar[str] = "SCALE"

    x: Tensor = field(metadata=_INPUT)
    factor: Tensor = field(metadata=_INPUT)
    shift: Tensor = field(metadata=_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    outer: int = field(metadata=_DIMENSION)
    middle: int = field(metadata=_DIMENSION)
    inner: int = field(metadata=_DIMENSION)
    activation: Activation = field(metadata=_ACTIVATION)


@dataclass(eq=False, kw_only=True)
class Winograd(Instruction):
    """A 3x3 convolution of stride 1 and dilation 1 by Winograd's transforms of tiles of output pixels."""

    number: ClassVar[int] = 18
    name: ClassVar[str] = "WINOGRAD"

    x: Tensor = field(metadata=_INPUT)
    weights: Tensor = field(metadata=_INPUT)
    residual: Tensor | None = field(metadata=_OPTIONAL_INPUT)
    y: Tensor = field(metadata=_OUTPUT)
    in_height: int = field(metadata=_DIMENSION)
    in_width: int = field(metadata=_DIMENSION)
    in_channels: int = field(metadata=_DIMENSION)
    out_height: int = field(metadata=_DIMENSION)
    out_width: int = field(metadata=_DIMENSION)
    out_channels: int = field(metadata=_DIMENSION)
    y_pixel: int = field(metadata=_STRIDE)
    groups: int = field(metadata=_DIMENSION)
    tile: int = field(metadata=_DIMENSION)
    pad_top: int = field(metadata=_PADDING)
    pad_left: int = field(metadata=_PADDING)
    max_pool: int = field(metadata=_FLAG)
    activation: Activation = field(metadata=_ACTIVATION)
