"""Joins arithmetic with constants along one axis into one factor and one shift."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from torch2web.plan.format import BinaryKind
from torch2web.plan.ir import NONE, Activation, Binary, Graph, Op, Scale, Value


def join_scales(graph: Graph) -> None:
    """Two or more operators, as of a batch normalization or of an image's: x · factor + shift."""
    for op in list(graph.ops):
        if op in graph.ops and (chain := _chain(graph, op)) and len(chain.ops) > 1:
            graph.replace(chain.ops[-1], chain.joined())
            for joined in chain.ops[:-1]:
                graph.ops.remove(joined)


@dataclass
class _Chain:
    x: Value
    ops: list[Op]
    axis: int
    factor: NDArray[np.float64]
    shift: NDArray[np.float64]
    activation: Activation = NONE

    def joined(self) -> Scale:
        first, last = self.ops[0], self.ops[-1]
        constants = [
            Value(f"{last.output.name}.{name}", values.shape, data=values.astype(np.float32))
            for name, values in (("factor", self.factor), ("shift", self.shift))
        ]
        return Scale(first.label, [self.x, *constants], last.output, self.axis, self.activation)


def _chain(graph: Graph, op: Op | None) -> _Chain | None:
    """The operators from `op` on that can be joined."""
    chain: _Chain | None = None
    value = None
    while isinstance(op, Binary):
        step = _step(op, value)
        if step is None:
            break
        x, constant, is_right = step
        axis = _axis(constant)
        if chain is None:
            if axis is None:
                break
            chain = _Chain(x, [], axis, np.ones(x.shape[axis]), np.zeros(x.shape[axis]))
        if axis not in (None, chain.axis) or not _apply(chain, op.kind, constant, is_right=is_right):
            break
        chain.ops.append(op)
        chain.activation = op.activation
        if op.activation != NONE:
            break
        value, op = op.output, graph.only_user(op.output)
    return chain


def _step(op: Binary, value: Value | None) -> tuple[Value, NDArray[np.float64], bool] | None:
    """The operand that is computed, the constant one, and whether that is the second; None otherwise."""
    for is_right, (x, other) in ((True, op.inputs), (False, op.inputs[::-1])):
        if value is not None and x is not value:
            continue
        if x.is_known or other.data is None or x.shape != op.output.shape or not x.shape:
            continue
        if other.size == max(other.shape, default=1) and np.isfinite(other.data).all():
            data = other.data.astype(np.float64)
            missing = len(x.shape) - data.ndim
            return x, data.reshape((1,) * missing + data.shape), is_right
    return None


def _axis(constant: NDArray[np.float64]) -> int | None:
    """The axis along which the constant changes."""
    return next((axis for axis, size in enumerate(constant.shape) if size > 1), None)


def _apply(chain: _Chain, kind: BinaryKind, constant: NDArray[np.float64], *, is_right: bool) -> bool:
    c = constant.reshape(-1)
    match kind:
        case BinaryKind.ADD:
            chain.shift = chain.shift + c
        case BinaryKind.SUB:
            sign = 1.0 if is_right else -1.0
            chain.factor, chain.shift = sign * chain.factor, sign * (chain.shift - c)
        case BinaryKind.MUL:
            chain.factor, chain.shift = chain.factor * c, chain.shift * c
        case BinaryKind.DIV if is_right and c.all():
            chain.factor, chain.shift = chain.factor / c, chain.shift / c
        case _:
            return False
    return True
