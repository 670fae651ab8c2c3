"""Matrix products."""

from itertools import product as combinations
from math import prod

import numpy as np

from torch2web.plan import ops
from torch2web.plan.errors import PlanError
from torch2web.plan.ir import NONE, MatMul, Product
from torch2web.plan.lowering.layouts import CHANNELS_LAST, ONNX, Layouts
from torch2web.plan.lowering.packed_weights import pack_product
from torch2web.plan.lowering.strides import broadcast, dense
from torch2web.plan.tensors import Tensor

LARGE = 2**20
"""Minimum elements of a matrix that keeps its stored format: read once per sample, it is bound by memory."""

_MAX_PRODUCTS = 1024


def lower_product(layouts: Layouts, op: Product) -> None:
    x = op.inputs[0]
    rows, inputs = x.shape
    outputs = op.output.shape[1]
    is_matrix = rows == 1 and inputs * outputs >= LARGE and all(m.weight is not None for m, _ in op.parts)
    # A flattened image stays channels last if its weights are packed in that order, which costs nothing. Not
    # with a matrix in its stored format: its blocks span inputs in ONNX's order.
    source = layouts.source(x)
    is_image = (
        not is_matrix
        and rows == 1
        and layouts.has(source, CHANNELS_LAST)
        and not layouts.has_one_layout(source)
    )
    image = source.shape[1:] if is_image and source.shape[0] == 1 else None
    given = layouts.get(source, CHANNELS_LAST) if image else layouts.get(x, ONNX)
    weights = layouts.packed(*pack_product(op, is_matrix=is_matrix, image=image))
    y = layouts.put(op.output, ONNX, Tensor(op.output.size))
    if is_matrix:
        layouts.emit(
            ops.Matrix(
                x=given, weights=weights, y=y, inputs=inputs, outputs=outputs, activation=op.activation
            )
        )
        return
    layouts.emit(
        ops.Product(
            x=given,
            weights=weights,
            gate=None,
            residual=None,
            y=y,
            rows=rows,
            inputs=inputs,
            outputs=outputs,
            activation=op.activation,
        )
    )


def lower_matmul(layouts: Layouts, op: MatMul) -> None:
    left, right = op.inputs
    a, b = layouts.get(left, ONNX), layouts.get(right, ONNX)
    left_shape = left.shape if len(left.shape) > 1 else (1, *left.shape)
    right_shape = right.shape if len(right.shape) > 1 else (*right.shape, 1)
    outer = np.broadcast_shapes(left_shape[:-2], right_shape[:-2])
    if prod(outer) > _MAX_PRODUCTS:
        raise PlanError(op.label, "MatMul", f"found {prod(outer)} matrix products, at most {_MAX_PRODUCTS}")
    rows, inputs = left_shape[-2:]
    outputs = right_shape[-1]
    if right.weight is not None and outer:  # parts of a packed weight cannot be addressed
        b = layouts.copied(b, right.shape, dense(right.shape), tuple(range(len(right.shape))))
    if left.weight is not None:
        a = layouts.copied(a, left.shape, dense(left.shape), tuple(range(len(left.shape))))
    y = layouts.put(op.output, ONNX, Tensor(op.output.size))
    panels: dict[int, Tensor] = {}
    steps = [broadcast(shape[:-2], dense(shape)[:-2], outer) for shape in (left_shape, right_shape)]
    for number, index in enumerate(combinations(*map(range, outer))):
        at_left, at_right = (sum(i * s for i, s in zip(index, step, strict=True)) for step in steps)
        if at_right not in panels:
            part = b if not outer else b.part(at_right, inputs * outputs)
            packed = Tensor(-(-outputs // 8) * 8 * (inputs + 1))
            layouts.emit(
                ops.PackPanels(
                    x=part, y=packed, inputs=inputs, outputs=outputs, input_stride=outputs, output_stride=1
                )
            )
            panels[at_right] = packed
        layouts.emit(
            ops.Product(
                x=a.part(at_left, rows * inputs),
                weights=panels[at_right],
                gate=None,
                residual=None,
                y=y.part(number * rows * outputs, rows * outputs),
                rows=rows,
                inputs=inputs,
                outputs=outputs,
                activation=NONE,
            )
        )
