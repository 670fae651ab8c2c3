"""Operands that an instruction reads where they lie: moves of a value become a first element and strides."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from torch2web.plan.ir import Expand, Op, Operand, Slice, Transpose, View
from torch2web.plan.lowering.layouts import ONNX, Layouts, order_of
from torch2web.plan.lowering.strides import Strides, broadcast, dense, in_order
from torch2web.plan.tensors import Tensor


@dataclass(frozen=True)
class Strided:
    """Elements of a tensor: the first one, and how far apart they are along each axis."""

    first: int
    shape: tuple[int, ...]
    strides: Strides

    @property
    def has_dense_rows(self) -> bool:
        return min(self.strides) >= 0 and (self.shape[-1] == 1 or self.strides[-1] == 1)


def strided(layouts: Layouts, operand: Operand, *, from_start: bool = False) -> tuple[Tensor, Strided]:
    """The operand with a dense last axis, where it lies if that is possible, otherwise copied.

    With `from_start` it begins with the tensor's first float.
    """
    base = operand.base
    layout = layouts.preferred(base) if base.weight is None else ONNX
    for candidate in dict.fromkeys((layout, ONNX)):
        strides = in_order(base.shape, order_of(candidate, len(base.shape)))
        found = _followed(Strided(0, base.shape, strides), operand.moves)
        if found and found.has_dense_rows and not (from_start and found.first):
            return layouts.get(base, candidate), found
    tensor, at = layouts.get(base, ONNX), Strided(0, base.shape, dense(base.shape))
    for move in operand.moves:
        moved = _moved(at, move)
        if moved is None:  # of dense elements every view has strides
            tensor, at = _copied(layouts, tensor, at, at.shape)
            moved = _moved(at, move)
        assert moved is not None
        at = moved
    # What is repeated is copied once.
    once = tuple(1 if stride == 0 else size for size, stride in zip(at.shape, at.strides, strict=True))
    return _copied(layouts, tensor, at, once)


def _copied(layouts: Layouts, x: Tensor, at: Strided, shape: tuple[int, ...]) -> tuple[Tensor, Strided]:
    y = Tensor(prod(shape))
    layouts.copy(x, y, list(shape), at.strides, dense(shape), (at.first, 0))
    return y, Strided(0, at.shape, broadcast(shape, dense(shape), at.shape))


def _followed(at: Strided, moves: Sequence[Op]) -> Strided | None:
    for move in moves:
        moved = _moved(at, move)
        if moved is None:
            return None
        at = moved
    return at


def _moved(at: Strided, move: Op) -> Strided | None:
    """None for a view that needs a copy."""
    shape, strides = move.output.shape, at.strides
    match move:
        case View():
            found = reshaped(at.shape, strides, shape)
            return None if found is None else Strided(at.first, shape, found)
        case Transpose():
            return Strided(at.first, shape, tuple(strides[axis] for axis in move.order))
        case Slice():
            first = at.first + sum(start * stride for start, stride in zip(move.starts, strides, strict=True))
            stepped = tuple(stride * step for stride, step in zip(strides, move.steps, strict=True))
            return Strided(first, shape, stepped)
        case _:
            assert isinstance(move, Expand)
            return Strided(at.first, shape, broadcast(at.shape, strides, shape))


def reshaped(shape: Sequence[int], strides: Strides, to: Sequence[int]) -> Strides | None:
    """Strides of the same elements in another shape; None if there are none."""
    axes = [(size, stride) for size, stride in zip(shape, strides, strict=True) if size > 1]
    found: list[int] = []
    rest, step = 1, 0
    for size in reversed(to):
        if size == 1:
            found.append(0)
            continue
        if rest == 1:
            rest, step = axes.pop()
        # Neighbouring axes that one step goes through are one.
        while rest % size and axes and axes[-1][1] == step * rest:
            rest *= axes.pop()[0]
        if rest % size:
            return None
        found.append(step)
        rest //= size
        step *= size
    return tuple(reversed(found))
