"""Nodes that become several operators."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from torch2web.plan.format import ActivationKind, BinaryKind, ReduceKind
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.ir import (
    Activate,
    Activation,
    Binary,
    Concat,
    Conv,
    Expand,
    MatMul,
    Mean,
    Normalize,
    Op,
    Pad,
    Product,
    Reduce,
    Slice,
    Transpose,
    Value,
    View,
)


class Steps:
    """Collects the operators of one node; the value given to `finish` becomes the node's output.

    Which operators these are must not depend on the sizes of axes: the graphs of one sample and of several
    are compared operator by operator.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.ops: list[Op] = []
        self._constants = 0

    def finish(self, result: Value) -> list[Op]:
        output = self.node.outputs[0]
        if self.ops and self.ops[-1].output is result and result.shape == output.shape:
            self.ops[-1].output = output
            return self.ops
        return [*self.ops, View(self.node.label, [result], output)]

    def constant(self, data: Any) -> Value:
        array = np.asarray(data, np.float32)
        self._constants += 1
        return Value(f"{self.node.label}.constant{self._constants}", array.shape, data=array)

    def binary(self, kind: BinaryKind, left: Value | float, right: Value | float) -> Value:
        a, b = (self.constant(side) if isinstance(side, float) else side for side in (left, right))
        shape = np.broadcast_shapes(a.shape, b.shape)
        return self.add(Binary(self.node.label, [a, b], self.value(shape), kind))

    def activate(self, x: Value, kind: ActivationKind, a: float = 0.0, b: float = 0.0) -> Value:
        return self.add(Activate(self.node.label, [x], self.value(x.shape), Activation(kind, a, b)))

    def view(self, x: Value, shape: Sequence[int]) -> Value:
        assert prod(shape) == x.size, "same elements"
        return self.add(View(self.node.label, [x], self.value(shape)))

    def transpose(self, x: Value, order: Sequence[int]) -> Value:
        shape = [x.shape[axis] for axis in order]
        return self.add(Transpose(self.node.label, [x], self.value(shape), tuple(order)))

    def slice(self, x: Value, axis: int, start: int, step: int, count: int) -> Value:
        starts, steps, shape = [0] * len(x.shape), [1] * len(x.shape), list(x.shape)
        starts[axis], steps[axis], shape[axis] = start, step, count
        return self.add(Slice(self.node.label, [x], self.value(shape), tuple(starts), tuple(steps)))

    def concat(self, pieces: Sequence[Value], axis: int) -> Value:
        if len(pieces) == 1:
            return pieces[0]
        shape = list(pieces[0].shape)
        shape[axis] = sum(piece.shape[axis] for piece in pieces)
        return self.add(Concat(self.node.label, list(pieces), self.value(shape), axis))

    def expand(self, x: Value, shape: Sequence[int]) -> Value:
        return self.add(Expand(self.node.label, [x], self.value(shape)))

    def mean(self, x: Value, axes: Sequence[int]) -> Value:
        """Keeps the axes, with a size of 1."""
        return self.add(Mean(self.node.label, [x], self.value(_kept(x, axes)), tuple(axes)))

    def reduce(self, x: Value, kind: ReduceKind, axes: Sequence[int]) -> Value:
        """Keeps the axes, with a size of 1."""
        return self.add(Reduce(self.node.label, [x], self.value(_kept(x, axes)), kind, tuple(axes)))

    def normalize(self, x: Value, axes: Sequence[int], epsilon: float) -> Value:
        return self.add(Normalize(self.node.label, [x], self.value(x.shape), tuple(axes), epsilon))

    def pad(self, x: Value, before: Sequence[int], shape: Sequence[int]) -> Value:
        """With zeros, to `shape`; fewer than none crop."""
        return self.add(Pad(self.node.label, [x], self.value(shape), tuple(before), 0.0))

    def convolution(
        self, x: Value, weight: Value, bias: Value, dilations: Sequence[int], group: int
    ) -> Value:
        """Of stride 1, without padding, in one or two dimensions."""
        kernel = weight.shape[2:]
        sizes = zip(x.shape[2:], kernel, dilations, strict=True)
        shape = (x.shape[0], weight.shape[0], *(size - (length - 1) * by for size, length, by in sizes))
        (height, width), (by_row, by_column) = (
            (values[0] if len(values) == 2 else 1, values[-1]) for values in (kernel, dilations)
        )
        op = Conv(
            self.node.label,
            [x, weight, bias],
            self.value(shape),
            (height, width),
            (1, 1),
            (0, 0, 0, 0),
            (by_row, by_column),
            group,
        )
        return self.add(op)

    def product(self, rows: Value, matrix: Any) -> Value:
        """`rows` [rows, inputs] times the constant `matrix` [inputs, outputs]."""
        constant, zeros = self.constant(matrix), self.constant(np.zeros(matrix.shape[1]))
        shape = (rows.shape[0], matrix.shape[1])
        return self.add(
            Product(self.node.label, [rows, constant, zeros], self.value(shape), transposed=False)
        )

    def matmul(self, left: Value, right: Value) -> Value:
        outer = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        shape = (*outer, left.shape[-2], right.shape[-1])
        return self.add(MatMul(self.node.label, [left, right], self.value(shape)))

    def value(self, shape: Sequence[int]) -> Value:
        """A new value for the output of the next operator."""
        return Value(f"{self.node.outputs[0].name}.step{len(self.ops)}", tuple(shape))

    def add(self, op: Op) -> Value:
        """Append `op`; its output."""
        self.ops.append(op)
        return op.output


def _kept(x: Value, axes: Sequence[int]) -> list[int]:
    return [1 if axis in axes else size for axis, size in enumerate(x.shape)]
