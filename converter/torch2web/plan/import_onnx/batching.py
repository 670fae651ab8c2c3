"""Checks that samples stay independent: a plan is for one sample, so no operator may mix samples.

The batch is followed through the graph. It is one axis of each computed value, axis 0 at the input and any
after a transposition, or a factor of an axis where others were merged with it, as windows or heads are.
"""

from dataclasses import dataclass, fields
from itertools import zip_longest
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torch2web.plan.errors import PlanError
from torch2web.plan.ir import (
    Activate,
    Binary,
    Concat,
    Conv,
    Expand,
    Graph,
    MatMul,
    Mean,
    Normalize,
    Op,
    Pad,
    Pool,
    Product,
    Reduce,
    Slice,
    Softmax,
    Transpose,
    Value,
    View,
)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class _BatchAxis:
    axis: int
    """The axis that contains the batch."""
    inner: int = 1
    """Size of the factor of this axis that varies faster than the batch."""


class _MixedSamplesError(Exception):
    """Why an operator does not keep samples apart."""


def require_samples_apart(one: Graph, several: Graph, count: int) -> None:
    """Require that no operator mixes samples. Raises PlanError.

    Both graphs are of the same network, for one sample and for `count` samples.
    """
    batches = {one.input: _BatchAxis(0)}
    for op, wide in zip_longest(one.ops, several.ops):
        if op is None or wide is None or type(op) is not type(wide):
            found = op or wide
            raise PlanError(found.label, type(found).__name__, "the graph depends on the size of the batch")
        if _settings(op) != _settings(wide):
            raise PlanError(op.label, type(op).__name__, "an attribute depends on the size of the batch")
        for value, wider in zip(op.reads, wide.reads, strict=True):
            if value.data is not None and not _same_for_all(value.data, wider.data):
                raise PlanError(op.label, type(op).__name__, "a constant depends on the batch")
        if not any(value in batches for value in op.reads):
            continue  # of weights alone
        try:
            batches[op.output] = _output_batch(op, wide, batches, count)
        except _MixedSamplesError as error:
            raise PlanError(op.label, type(op).__name__, str(error)) from error
    batch = batches.get(one.output)
    if batch is None or batch.axis != 0 or _stride(one.output.shape, batch) != one.output.size:
        raise PlanError(one.output.name, "Output", "dimension 0 of the output is not the batch")


def _settings(op: Op) -> dict[str, object]:
    """Everything but the values: kinds, axes, bounds, steps."""
    return {
        entry.name: getattr(op, entry.name)
        for entry in fields(op)
        if entry.name not in ("label", "inputs", "output")
    }


def _same_for_all(data: NDArray[Any], wider: NDArray[Any] | None) -> bool:
    """Whether a constant that is computed for several samples repeats that of one."""
    if wider is None or wider.ndim != data.ndim:
        return False
    return np.array_equal(np.broadcast_to(data, wider.shape), wider, equal_nan=True)


def _output_batch(op: Op, wide: Op, batches: dict[Value, _BatchAxis], count: int) -> _BatchAxis:
    given = [(value, batches[value]) for value in op.reads if value in batches]
    x, batch = given[0]
    shape, wide_shape = op.output.shape, wide.output.shape
    match op:
        case View():
            return _at_stride(shape, wide_shape, _stride(x.shape, batch), count)
        case Transpose():
            found = _BatchAxis(op.order.index(batch.axis), batch.inner)
        case Conv() | Pool() | Product():
            if batch.axis != 0 or len(given) > 1:
                raise _MixedSamplesError("the batch must be dimension 0 of its input")
            found = batch
        case Activate():
            found = batch
        case Softmax() | Normalize() | Mean() | Reduce():
            found = _reduced(op, batch)
        case Pad() | Slice():
            if wide.output.shape[batch.axis] != wide.inputs[0].shape[batch.axis] or _shifts(op, batch.axis):
                raise _MixedSamplesError("it cuts or pads the batch axis")
            found = batch
        case MatMul():
            found = _multiplied(op, batches)
        case Binary() | Concat() | Expand():
            found = _aligned(given, len(shape))
            if isinstance(op, Concat) and op.axis == found.axis:
                raise _MixedSamplesError("it concatenates along the batch axis")
        case _:
            raise _MixedSamplesError("not known to keep samples apart")
    return _confirmed(found, shape, wide_shape, count)


def _stride(shape: Shape, batch: _BatchAxis) -> int:
    """Elements of one sample inside of the batch, in ONNX's order."""
    return batch.inner * prod(shape[batch.axis + 1 :])


def _confirmed(batch: _BatchAxis, shape: Shape, wide: Shape, count: int) -> _BatchAxis:
    if wide != (*shape[: batch.axis], shape[batch.axis] * count, *shape[batch.axis + 1 :]):
        found = f"found {list(shape)} for 1 sample, {list(wide)} for {count}"
        raise _MixedSamplesError(f"the batch must stay dimension {batch.axis}: {found}")
    return batch


def _at_stride(shape: Shape, wide: Shape, stride: int, count: int) -> _BatchAxis:
    """The axis of a view that grows with the batch, if the batch is a factor of it."""
    grown = [axis for axis, sizes in enumerate(zip(shape, wide, strict=False)) if sizes[0] != sizes[1]]
    if len(shape) != len(wide) or len(grown) != 1:
        raise _MixedSamplesError(f"found {list(shape)} for 1 sample, {list(wide)} for {count}")
    axis = grown[0]
    inner, rest = divmod(stride, prod(shape[axis + 1 :]))
    if rest or not inner or shape[axis] % inner:
        raise _MixedSamplesError("it splits samples")
    return _confirmed(_BatchAxis(axis, inner), shape, wide, count)


def _reduced(op: Softmax | Normalize | Mean | Reduce, batch: _BatchAxis) -> _BatchAxis:
    if batch.axis in op.axes:
        raise _MixedSamplesError("its axes include the batch")
    kept = len(op.output.shape) == len(op.inputs[0].shape)
    before = 0 if kept else sum(axis < batch.axis for axis in op.axes)
    return _BatchAxis(batch.axis - before, batch.inner)


def _shifts(op: Pad | Slice, axis: int) -> bool:
    return op.before[axis] != 0 if isinstance(op, Pad) else (op.starts[axis], op.steps[axis]) != (0, 1)


def _aligned(given: list[tuple[Value, _BatchAxis]], rank: int) -> _BatchAxis:
    """Of operands whose shapes are broadcast from the last axis on."""
    found = {_BatchAxis(batch.axis + rank - len(value.shape), batch.inner) for value, batch in given}
    sizes = {value.shape[batch.axis] for value, batch in given}
    if len(found) > 1 or len(sizes) > 1:
        raise _MixedSamplesError("its inputs have the batch on different axes")
    return found.pop()


def _multiplied(op: MatMul, batches: dict[Value, _BatchAxis]) -> _BatchAxis:
    left, right = (batches.get(value) for value in op.inputs)
    ranks = [len(value.shape) for value in op.inputs]
    rank = len(op.output.shape)
    summed = (left and left.axis == ranks[0] - 1) or (right and right.axis == max(ranks[1] - 2, 0))
    if summed:
        raise _MixedSamplesError("it sums over the batch axis")
    if left and right:
        if left.axis >= ranks[0] - 2 or right.axis >= ranks[1] - 2:
            raise _MixedSamplesError("it multiplies samples with one another")
        return _aligned([(value, batches[value]) for value in op.inputs], rank)
    only, size = (left, ranks[0]) if left else (right, ranks[1])
    assert only is not None
    # A vector adds no axis to the output.
    missing = sum(own == 1 for own in ranks)
    return _BatchAxis(only.axis + (rank + missing) - max(size, 2), only.inner)
