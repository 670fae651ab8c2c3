"""Matrix products."""

from functools import partial
from itertools import product as combinations
from math import prod

import numpy as np

from torch2web.plan import ops
from torch2web.plan.errors import PlanError
from torch2web.plan.format import Place
from torch2web.plan.ir import MatMul, Product
from torch2web.plan.lowering.layouts import CHANNELS_LAST, ONNX, Layouts
from torch2web.plan.lowering.packed_weights import pack_product
from torch2web.plan.lowering.strides import broadcast, dense, merged
from torch2web.plan.tensors import Tensor

LARGE = 2**20
"""Minimum elements of a matrix that keeps its stored format: read once per sample, it is bound by memory."""

LARGE_WITH_ROWS = 2**19
"""The same for a product with at least `MANY_ROWS` rows, which converts the matrix in each run."""

MANY_ROWS = 96
"""Rows for which converting takes a few hundredths of the product's time."""

_MAX_INSTRUCTIONS = 256


def lower_product(layouts: Layouts, op: Product) -> None:
    x = op.inputs[0]
    rows, inputs = x.shape
    outputs = op.output.shape[1]
    is_matrix = _keeps_format(op)
    residual = None if op.residual is None else layouts.get(op.residual, ONNX)
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
    # Not if the product reads it as x too.
    may_replace = () if residual is None or residual.base is given.base else (residual,)
    instruction = ops.Matrix if is_matrix else partial(ops.Product, gate=None, y_stride=outputs)
    layouts.emit(
        instruction(
            x=given,
            weights=weights,
            residual=residual,
            y=y,
            rows=rows,
            inputs=inputs,
            outputs=outputs,
            activation=op.activation,
            may_replace=may_replace,
        )
    )


def _keeps_format(op: Product) -> bool:
    """Whether the matrix stays in its stored format."""
    (rows, inputs), outputs = op.inputs[0].shape, op.output.shape[1]
    if 1 < rows < MANY_ROWS or any(matrix.weight is None for matrix, _ in op.parts):
        return False
    return inputs * outputs >= (LARGE if rows == 1 else LARGE_WITH_ROWS)


def lower_matmul(layouts: Layouts, op: MatMul) -> None:
    left, right = op.inputs
    a, b = layouts.get(left, ONNX), layouts.get(right, ONNX)
    left_shape = left.shape if len(left.shape) > 1 else (1, *left.shape)
    right_shape = right.shape if len(right.shape) > 1 else (*right.shape, 1)
    outer = np.broadcast_shapes(left_shape[:-2], right_shape[:-2])
    rows, inputs = left_shape[-2:]
    if op.transposed:
        outputs, strides = right_shape[-2], (1, inputs)
    else:
        outputs, strides = right_shape[-1], (right_shape[-1], 1)
    y = layouts.put(op.output, ONNX, Tensor(op.output.size))
    steps = [broadcast(shape[:-2], dense(shape)[:-2], outer) for shape in (left_shape, right_shape)]
    sizes, (left_steps, right_steps) = merged(outer, *steps)
    # One instruction for the last of the outer axes, and for each index of the others.
    count, x_step, w_step = sizes[-1], left_steps[-1], right_steps[-1]
    if count == 1:
        x_step = w_step = 0
    if prod(sizes[:-1]) > _MAX_INSTRUCTIONS:
        found = f"found {prod(sizes[:-1])} groups of matrix products"
        raise PlanError(op.label, "MatMul", f"{found}, at most {_MAX_INSTRUCTIONS}")
    if len(sizes) > 1:  # parts of a packed weight cannot be addressed
        a, b = (
            layouts.copied(tensor, value.shape, dense(value.shape), tuple(range(len(value.shape))))
            if tensor.place is Place.PACKED_WEIGHT
            else tensor
            for tensor, value in ((a, left), (b, right))
        )
    for number, index in enumerate(combinations(*map(range, sizes[:-1]))):
        at_left, at_right = (
            sum(i * s for i, s in zip(index, step[:-1], strict=True)) for step in (left_steps, right_steps)
        )
        layouts.emit(
            ops.Products(
                x=_part(a, at_left, (count - 1) * x_step + rows * inputs),
                w=_part(b, at_right, (count - 1) * w_step + inputs * outputs),
                y=y.part(number * count * rows * outputs, count * rows * outputs),
                count=count,
                rows=rows,
                inputs=inputs,
                outputs=outputs,
                x_step=x_step,
                w_step=w_step,
                input_stride=strides[0],
                output_stride=strides[1],
            )
        )


def _part(tensor: Tensor, start: int, length: int) -> Tensor:
    return tensor if (start, length) == (0, tensor.length) else tensor.part(start, length)
