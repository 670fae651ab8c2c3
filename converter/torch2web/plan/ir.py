"""The intermediate form: what a graph computes, as typed operators over values, before anything has a place.

Shapes are ONNX's, channels first and with the batch in front, which is 1 in a plan for one sample. How a
value lies in memory is decided later, in `lower.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(eq=False)
class Value:
    """What flows between operators. Known when planning (`data`), stored in the weights file (`weight`), or
    computed."""

    name: str
    shape: tuple[int, ...]
    data: NDArray[Any] | None = None
    weight: str | None = None

    @property
    def is_known(self) -> bool:
        return self.data is not None or self.weight is not None

    @property
    def size(self) -> int:
        return prod(self.shape)


class Function(IntEnum):
    """Of one number; `a` and `b` of an Activation mean what is said here. As in `kernels.h`."""

    NONE = 0
    CLIP = 1
    """Between a and b; NaN stays."""
    SIGMOID = 2
    SILU = 3
    HARD_SIGMOID = 4
    """clip(a · x + b, 0, 1)."""
    HARD_SWISH = 5
    """x · clip(a · x + b, 0, 1)."""
    LEAKY_RELU = 6
    """a · x where x < 0."""
    TANH = 7


@dataclass(frozen=True)
class Activation:
    function: Function = Function.NONE
    a: float = 0.0
    b: float = 0.0


NONE = Activation()


@dataclass(eq=False)
class Op:
    """An operator with one output. `label` names the node that it comes from, for messages."""

    label: str
    inputs: list[Value]
    output: Value

    @property
    def reads(self) -> list[Value]:
        """Everything that it is computed from."""
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
    """By output channel, for weights and a stored bias: a folded BatchNormalization."""
    gate: Value | None = None
    """[1, channels, 1, 1], which multiplies x; only of a pointwise one."""
    max_pool: bool = False
    """A 2 × 2 maximum of stride 2 follows."""
    gathers: bool = False
    """The sums of its output over all pixels go to the next operator; only of a depthwise one."""

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
    """Pointwise, depthwise, pointwise, of which the first or the last may be absent, in one pass.

    Inputs: x, and the residual where there is one.
    """

    expand: Conv | None
    depthwise: Conv
    project: Conv | None
    gathers: bool = False


@dataclass(eq=False)
class SqueezeExcite(Op):
    """[1, channels, 1, 1] of the sums that the operator before gathers: its output is the only input."""

    first: Conv
    second: Conv


@dataclass(eq=False)
class MeanOfSums(Op):
    """The mean over all pixels, of the sums that the operator before gathers."""


@dataclass(eq=False)
class Pool(Op):
    average: bool
    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[int, int, int, int]
    dilations: tuple[int, int]
    counts_padding: bool


@dataclass(eq=False)
class Activate(Op):
    activation: Activation


class Arithmetic(IntEnum):
    ADD = 0
    SUB = 1
    MUL = 2
    DIV = 3
    MIN = 4
    MAX = 5


@dataclass(eq=False)
class Binary(Op):
    kind: Arithmetic
    activation: Activation = NONE


@dataclass(eq=False)
class Product(Op):
    """Rows times a known matrix: x [rows, K], matrices that give some of the outputs each, each with a bias.

    Inputs: x and then, for each of `parts`, matrix and bias (a bias of zeros where there is none).
    """

    transposed: bool
    """Matrices are [outputs, K]."""
    alpha: float = 1.0
    beta: float = 1.0
    activation: Activation = NONE

    @property
    def parts(self) -> Iterator[tuple[Value, Value]]:
        return zip(self.inputs[1::2], self.inputs[2::2], strict=True)


@dataclass(eq=False)
class MatMul(Op):
    """Of two computed values, the leading sides the same or 1."""


@dataclass(eq=False)
class Mean(Op):
    axes: tuple[int, ...]


@dataclass(eq=False)
class Softmax(Op):
    axes: tuple[int, ...]
    """Over these together: more than one before opset 13."""


@dataclass(eq=False)
class Transpose(Op):
    order: tuple[int, ...]


@dataclass(eq=False)
class Pad(Op):
    before: tuple[int, ...]
    value: float
    """Sides may be cut too, by negative padding."""


@dataclass(eq=False)
class Slice(Op):
    starts: tuple[int, ...]
    steps: tuple[int, ...]


@dataclass(eq=False)
class Concat(Op):
    axis: int


@dataclass(eq=False)
class View(Op):
    """The same numbers in the same (ONNX) order under another shape."""


@dataclass
class Graph:
    ops: list[Op]
    input: Value
    output: Value
    weights: list[str] = field(default_factory=list)
    """Names of the stored weights, in the order of the graph."""

    def users(self, value: Value) -> list[Op]:
        return [op for op in self.ops if any(read is value for read in op.reads)]

    def producer(self, value: Value) -> Op | None:
        return next((op for op in self.ops if op.output is value), None)

    def only_user(self, value: Value) -> Op | None:
        """The operator that alone reads `value`, if there is one and it is not the graph's output."""
        users = self.users(value)
        return users[0] if len(users) == 1 and value is not self.output else None

    def replace(self, old: Op, new: Op) -> None:
        self.ops[self.ops.index(old)] = new

    def with_ops(self, ops: list[Op]) -> "Graph":
        return replace(self, ops=ops)
