"""Which slot an operator's weights go to, and how: the layouts that `kernels.h` describes."""

from math import prod

import numpy as np

from torch2web.plan.ir import Conv, Floats, Product, Value
from torch2web.plan.program import Axis, Record, Slot, SlotKind


def _source(value: Value) -> str | Floats:
    if value.weight is not None:
        return value.weight
    assert value.data is not None
    return np.ascontiguousarray(value.data, np.float32)


def conv_slot(op: Conv) -> tuple[Slot, list[Record]]:
    """Panels of eight outputs for each group; of four for a depthwise one."""
    _, weight, bias = op.inputs
    outputs, channels = weight.shape[:2]
    height, width = op.kernel
    axes: tuple[Axis, ...]
    if op.is_depthwise:
        slot = Slot(SlotKind.PANELS4, 1, height * width, outputs)
        axes = (Axis(outputs, output=1), Axis(height, input=width), Axis(width, input=1))
    else:
        each = outputs // op.group
        slot = Slot(SlotKind.PANELS8, op.group, height * width * channels, each)
        axes = (
            Axis(op.group, output=each),
            Axis(each, output=1),
            Axis(channels, input=1),
            Axis(height, input=width * channels),
            Axis(width, input=channels),
        )
    records = [Record(slot, _source(weight), axes, multiplier=op.multiplier)]
    # A bias that is known has been multiplied already.
    multiplier = op.multiplier if bias.data is None else None
    records.append(Record(slot, _source(bias), (Axis(outputs, output=1),), True, multiplier))
    return slot, records


def product_slot(
    op: Product, *, is_matrix: bool, picture: tuple[int, ...] | None
) -> tuple[Slot, list[Record]]:
    """Panels for all parts together; `picture` is what x is, channels last, before it was flattened."""
    inputs = op.inputs[0].shape[1]
    sides = prod(picture[1:]) if picture else 1
    rows = (Axis(picture[0], input=1), Axis(sides, input=picture[0])) if picture else (Axis(inputs, input=1),)
    widths = [matrix.shape[0 if op.transposed else 1] for matrix, _ in op.parts]
    slot = Slot(SlotKind.MATRIX if is_matrix else SlotKind.PANELS8, 1, inputs, sum(widths))
    records: list[Record] = []
    first = 0
    for (matrix, bias), width in zip(op.parts, widths, strict=True):
        column = Axis(width, output=1)
        axes = (column, *rows) if op.transposed else (*rows, column)
        alpha, beta = (_repeated(factor, slot) for factor in (op.alpha, op.beta))
        records.append(Record(slot, _source(matrix), axes, False, alpha, first))
        records.append(Record(slot, _source(bias), (column,), True, beta, first))
        first += width
    return slot, records


def _repeated(factor: float, slot: Slot) -> Floats | None:
    return None if factor == 1.0 else np.full(slot.groups * slot.outputs, factor, np.float32)


def flat_slot(value: Value) -> tuple[Slot, list[Record]]:
    """A stored weight as it is, for an operator that takes it as an operand."""
    slot = Slot(SlotKind.FLAT, 1, value.size, 1)
    return slot, [Record(slot, _source(value), (Axis(value.size, input=1),))]
