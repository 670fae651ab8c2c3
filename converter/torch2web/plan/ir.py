"""The intermediate representation: typed operators over values, without layouts or memory.

Shapes are those of ONNX: batch, channels, spatial dimensions. The batch is 1 in a plan for one sample.
Layouts are chosen later, in `lowering/`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torch2web.plan.format import ActivationKind, BinaryKind, ReduceKind

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of the graph: a constant (`data`), a stored weight (`weight`: its name), or computed."""

    name: str
    shape: tuple[int, ...]
    data: NDArray[Any] | None = None
    weight: str | None = None
    transposed: bool = False
    """Whether it is the transpose of the stored weight, a matrix or the weight of a ConvTranspose.

    Only products and convolutions read such values. Of a ConvTranspose the first two axes are exchanged,
    group by group.
    """
    integer: bool = False
    """Whether it is computed and has integers, which the engine has as float32: the indices of ArgMax."""

    @property
    def is_known(self) -> bool:
        return self.data is not None or self.weight is not None

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class Activation:
    kind: ActivationKind = ActivationKind.NONE
    a: float = 0.0
    b: float = 0.0


NONE = Activation()


@dataclass(eq=False)
class Op:
    """An operator with one output. `label`: name of its ONNX node, for messages."""

    label: str
    inputs: list[Value]
    output: Value

    @property
    def reads(self) -> list[Value]:
        """All values that the output depends on."""
        return self.inputs


@dataclass(eq=False)
class Conv(Op):
    """Inputs: x, weight [outputs, channels of a group, *kernel], bias [outputs]."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[int, int, int, int]
    """Top, left, bottom, right."""
    dilations: tuple[int, int]
    group: int
    activation: Activation = NONE
    residual: Value | None = None
    """Added before the activation."""
    multiplier: Floats | None = None
    """By output channel, for weights and a stored bias: from a folded BatchNormalization."""
    gate: Value | None = None
    """[1, channels, 1, 1], multiplied with x; pointwise convolutions only."""
    max_pool: bool = False
    """Followed by a 2 × 2 max pool of stride 2."""
    with_sums: bool = False
    """Passes the sums of its output over all pixels to the next operator; depthwise convolutions only."""
    tile: int = 0
    """Pixels of a line of the tiles of Winograd's transforms; 0: computed without."""

    @property
    def reads(self) -> list[Value]:
        return [*self.inputs, *(value for value in (self.residual, self.gate) if value is not None)]

    @property
    def is_pointwise(self) -> bool:
        return (
            self.kernel == (1, 1) and self.strides == (1, 1) and self.pads == (0, 0, 0, 0) and self.group == 1
        )

    @property
    def is_depthwise(self) -> bool:
        return self.group > 1 and self.inputs[1].shape[:2] == (self.group, 1)


@dataclass(eq=False)
class Block(Op):
    """Pointwise, depthwise and pointwise convolution in one pass; the first or the last may be absent.

    Inputs: x, and optionally the residual.
    """

    expand: Conv | None
    depthwise: Conv
    project: Conv | None
    with_sums: bool = False


@dataclass(eq=False)
class SqueezeExcite(Op):
    """[1, channels, 1, 1] from the sums of the preceding operator, whose output is the only input."""

    first: Conv
    second: Conv


@dataclass(eq=False)
class MeanOfSums(Op):
    """The mean over all pixels, from the sums of the preceding operator."""


@dataclass(eq=False)
class Pool(Op):
    average: bool
    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[int, int, int, int]
    dilations: tuple[int, int]
    count_include_pad: bool


@dataclass(eq=False)
class Activate(Op):
    activation: Activation


@dataclass(eq=False)
class Binary(Op):
    kind: BinaryKind
    activation: Activation = NONE


@dataclass(eq=False)
class Scale(Op):
    """x · factors + shifts along `axis`. Inputs: x, and two constants [size of the axis]."""

    axis: int
    activation: Activation = NONE


@dataclass(eq=False)
class Product(Op):
    """Rows times constant or stored matrices: x [rows, K]; each matrix computes some of the outputs.

    Inputs: x, then matrix and bias of each of `parts`; a missing bias is zeros.
    """

    transposed: bool
    """Matrices are [outputs, K]."""
    alpha: float = 1.0
    beta: float = 1.0
    activation: Activation = NONE
    multiplier: Floats | None = None
    """By output, for matrices and stored biases."""
    residual: Value | None = None
    """[rows, outputs], added before the activation."""

    @property
    def reads(self) -> list[Value]:
        return self.inputs if self.residual is None else [*self.inputs, self.residual]

    @property
    def parts(self) -> Iterator[tuple[Value, Value]]:
        return zip(self.inputs[1::2], self.inputs[2::2], strict=True)


@dataclass(eq=False)
class MatMul(Op):
    """Of two computed values; leading dimensions are equal or 1."""

    transposed: bool = False
    """The last two axes of the second value are exchanged."""


@dataclass(frozen=True, eq=False)
class Operand:
    """`base` after `moves` (View, Transpose, Slice, Expand), which an instruction reads without a copy."""

    base: Value
    moves: tuple[Op, ...]
    shape: tuple[int, ...]

    def moved(self, move: Op) -> "Operand":
        return Operand(self.base, (*self.moves, move), move.output.shape)


@dataclass(eq=False)
class Attention(Op):
    """Softmax over keys of scale · query · keyᵀ + summands, times values; all with the same leading axes.

    Inputs: the bases of the operands, in their order.
    """

    operands: tuple[Operand, ...]
    """Query [..., rows, depth], key [..., keys, depth], value [..., keys, width], then at most two summands
    [..., rows, keys]."""
    scale: float
    order: tuple[int, ...]
    """Axes of [..., rows, width] in the order of the output's; the last one stays."""


@dataclass(eq=False)
class Mean(Op):
    axes: tuple[int, ...]


@dataclass(eq=False)
class Reduce(Op):
    """A reduction other than the mean."""

    kind: ReduceKind
    axes: tuple[int, ...]


@dataclass(eq=False)
class Normalize(Op):
    """By mean and variance over `axes`. Inputs: x, and optionally scale and shift of the last axis."""

    axes: tuple[int, ...]
    epsilon: float


@dataclass(eq=False)
class Softmax(Op):
    axes: tuple[int, ...]
    """Normalised together: more than one axis before opset 13."""
    logarithm: bool = False


@dataclass(eq=False)
class Transpose(Op):
    order: tuple[int, ...]


@dataclass(eq=False)
class Pad(Op):
    before: tuple[int, ...]
    """May be negative, which crops."""
    value: float


@dataclass(eq=False)
class Slice(Op):
    starts: tuple[int, ...]
    steps: tuple[int, ...]


@dataclass(eq=False)
class Concat(Op):
    axis: int


@dataclass(eq=False)
class Expand(Op):
    """Repeats axes of size 1, and the whole along new leading axes."""


@dataclass(eq=False)
class View(Op):
    """The same elements in the same (ONNX) order with another shape."""


@dataclass
class Graph:
    ops: list[Op]
    input: Value
    output: Value
    weights: list[str] = field(default_factory=list)
    """Names of the stored weights, in graph order."""

    def users(self, value: Value) -> list[Op]:
        # Values are equal only to themselves.
        return [op for op in self.ops if value in op.reads]

    def producer(self, value: Value) -> Op | None:
        return next((op for op in self.ops if op.output is value), None)

    def only_user(self, value: Value) -> Op | None:
        """The only operator that reads `value`; None if there are others or it is the graph's output."""
        users = self.users(value)
        return users[0] if len(users) == 1 and value is not self.output else None

    def replace(self, old: Op, new: Op) -> None:
        self.ops[self.ops.index(old)] = new

    def copy(self) -> "Graph":
        """Copies of the operators over the same values."""
        ops = [replace(op, inputs=list(op.inputs)) for op in self.ops]
        return replace(self, ops=ops, weights=list(self.weights))
