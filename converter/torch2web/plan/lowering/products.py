"""Products of matrices."""

from itertools import product as combinations
from math import prod

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.ir import NONE, MatMul, Product
from torch2web.plan.lowering.layouts import LAST, PLAIN, Layouts
from torch2web.plan.lowering.packed_weights import product_slot
from torch2web.plan.lowering.strides import broadcast, dense
from torch2web.plan.program import Instruction, OpKind, Tensor

LARGE = 2**20
"""Elements from which on a stored matrix may stay as it is: used once a picture, it is bound by memory."""

_MOST_PRODUCTS = 1024


def lower_product(layouts: Layouts, op: Product) -> None:
    x = op.inputs[0]
    rows, inputs = x.shape
    outputs = op.output.shape[1]
    is_matrix = rows == 1 and inputs * outputs >= LARGE and all(m.weight is not None for m, _ in op.parts)
    # A picture need not be put in ONNX's order where the weights can be put in the picture's, which costs
    # nothing. Matrices in their stored form cannot: their blocks are of inputs in ONNX's order.
    source = layouts.source(x)
    is_picture = (
        not is_matrix and rows == 1 and layouts.has(source, LAST) and not layouts.is_one_layout(source)
    )
    picture = source.shape[1:] if is_picture and source.shape[0] == 1 else None
    given = layouts.get(source, LAST) if picture else layouts.get(x, PLAIN)
    weights = layouts.slot(*product_slot(op, is_matrix=is_matrix, picture=picture))
    y = layouts.put(op.output, PLAIN, Tensor(op.output.size))
    if is_matrix:
        fields = (given, weights, y, inputs, outputs, op.activation)
        layouts.emit(Instruction(OpKind.MATRIX, fields, (given, weights), y))
    else:
        rows_fields = (given, weights, None, None, y, rows, inputs, outputs, op.activation)
        layouts.emit(Instruction(OpKind.PRODUCT, rows_fields, (given, weights), y))


def lower_matmul(layouts: Layouts, op: MatMul) -> None:
    left, right = op.inputs
    a, b = layouts.get(left, PLAIN), layouts.get(right, PLAIN)
    left_shape = left.shape if len(left.shape) > 1 else (1, *left.shape)
    right_shape = right.shape if len(right.shape) > 1 else (*right.shape, 1)
    outer = np.broadcast_shapes(left_shape[:-2], right_shape[:-2])
    if prod(outer) > _MOST_PRODUCTS:
        raise PlanError(op.label, "MatMul", f"{prod(outer)} products, at most {_MOST_PRODUCTS}")
    rows, inputs = left_shape[-2:]
    outputs = right_shape[-1]
    if right.weight is not None and outer:  # parts of a slot have no place of their own
        b = layouts.copied(b, right.shape, dense(right.shape), tuple(range(len(right.shape))))
    if left.weight is not None:
        a = layouts.copied(a, left.shape, dense(left.shape), tuple(range(len(left.shape))))
    y = layouts.put(op.output, PLAIN, Tensor(op.output.size))
    panels: dict[int, Tensor] = {}
    steps = [broadcast(shape[:-2], dense(shape)[:-2], outer) for shape in (left_shape, right_shape)]
    for number, index in enumerate(combinations(*map(range, outer))):
        at_left, at_right = (sum(i * s for i, s in zip(index, step, strict=True)) for step in steps)
        if at_right not in panels:
            part = b if not outer else b.part(at_right, inputs * outputs)
            packed = Tensor(-(-outputs // 8) * 8 * (inputs + 1))
            fields = (part, packed, inputs, outputs, outputs, 1)
            layouts.emit(Instruction(OpKind.PACK_PANELS, fields, (part,), packed))
            panels[at_right] = packed
        one = a.part(at_left, rows * inputs)
        result = y.part(number * rows * outputs, rows * outputs)
        rows_fields = (one, panels[at_right], None, None, result, rows, inputs, outputs, NONE)
        layouts.emit(Instruction(OpKind.PRODUCT, rows_fields, (one, panels[at_right]), result))
