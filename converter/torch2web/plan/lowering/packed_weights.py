"""Packed weights of operators, and the rules that pack stored weights into the layouts of `operators.h`."""

from math import prod

import numpy as np

from torch2web.plan.format import PackedLayout
from torch2web.plan.ir import Conv, Floats, Product, Value
from torch2web.plan.tensors import Axis, PackedWeight, PackRule

_WINOGRAD = {2: PackedLayout.WINOGRAD2, 4: PackedLayout.WINOGRAD4}


def _source(value: Value) -> str | Floats:
    if value.weight is not None:
        return value.weight
    assert value.data is not None
    return np.ascontiguousarray(value.data, np.float32)


def pack_conv(op: Conv) -> tuple[PackedWeight, list[PackRule]]:
    """Panels of 8 outputs for each group; of 4 channels for a depthwise convolution.

    A weight that is `transposed` is stored [group, inputs of it, outputs of it, height, width]. Weights that
    the engine transforms go to the rows from which it does.
    """
    _, weight, bias = op.inputs
    outputs, channels = weight.shape[:2]
    height, width = op.kernel
    axes: tuple[Axis, ...]
    if op.is_depthwise:
        packed = PackedWeight(PackedLayout.PANELS4, 1, height * width, outputs)
        axes = (Axis(outputs, output=1), Axis(height, input=width), Axis(width, input=1))
    else:
        each = outputs // op.group
        rows = channels + 1 if op.tile else channels
        inputs = (op.tile + 2) ** 2 * rows if op.tile else height * width * channels
        packed = PackedWeight(_WINOGRAD.get(op.tile, PackedLayout.PANELS8), op.group, inputs, each)
        outer = (Axis(each, output=1), Axis(channels, input=1))
        axes = (
            Axis(op.group, output=each),
            *(outer[::-1] if weight.transposed else outer),
            Axis(height, input=width * rows),
            Axis(width, input=rows),
        )
    rules = [PackRule(packed, _source(weight), axes, multiplier=op.multiplier)]
    # A constant bias is already multiplied.
    multiplier = op.multiplier if bias.data is None else None
    rules.append(PackRule(packed, _source(bias), (Axis(outputs, output=1),), True, multiplier))
    return packed, rules


def pack_product(
    op: Product, *, is_matrix: bool, image: tuple[int, ...] | None
) -> tuple[PackedWeight, list[PackRule]]:
    """Panels of all parts. `image`: shape of x before it was flattened, if it is read channels last."""
    inputs = op.inputs[0].shape[1]
    pixels = prod(image[1:]) if image else 1
    rows = (Axis(image[0], input=1), Axis(pixels, input=image[0])) if image else (Axis(inputs, input=1),)
    widths = [matrix.shape[0 if op.transposed else 1] for matrix, _ in op.parts]
    packed = PackedWeight(PackedLayout.MATRIX if is_matrix else PackedLayout.PANELS8, 1, inputs, sum(widths))
    rules: list[PackRule] = []
    first = 0
    for (matrix, bias), width in zip(op.parts, widths, strict=True):
        column = Axis(width, output=1)
        axes = (column, *rows) if op.transposed else (*rows, column)
        alpha, beta = (_repeated(factor, packed) for factor in (op.alpha, op.beta))
        if op.multiplier is not None:
            # A constant bias is already multiplied.
            alpha = op.multiplier * np.float32(op.alpha)
            beta = op.multiplier if bias.data is None else beta
        rules.append(PackRule(packed, _source(matrix), axes, False, alpha, first))
        rules.append(PackRule(packed, _source(bias), (column,), True, beta, first))
        first += width
    return packed, rules


def _repeated(factor: float, packed: PackedWeight) -> Floats | None:
    return None if factor == 1.0 else np.full(packed.groups * packed.outputs, factor, np.float32)


def pack_flat(value: Value) -> tuple[PackedWeight, list[PackRule]]:
    """A stored weight in its own order, as an operand of an elementwise operator."""
    packed = PackedWeight(PackedLayout.FLAT, 1, value.size, 1)
    return packed, [PackRule(packed, _source(value), (Axis(value.size, input=1),))]
