"""Imports ConvTranspose, a convolution of its input with zeros between the elements, and Col2Im.

A ConvTranspose's weights lie the other way round than those of a convolution, with the kernel turned by 180
degrees. A stored weight is packed from where it lies, so input and output are turned instead.
"""

from dataclasses import replace
from math import prod

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import BinaryKind
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.ir import Op, Value


def transposed_convolution(node: Node) -> list[Op]:
    x, weight = node.first, node.inputs[1]
    assert weight is not None
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    if not weight.is_known or not (bias is None or bias.is_known):
        raise PlanError(node.label, node.kind, "computed weights are not supported")
    rank = len(x.shape) - 2
    if rank not in (1, 2):
        raise PlanError(node.label, node.kind, f"found {rank} dimensions, only 1 or 2 are supported")
    group = int(node.attributes.get("group", 1))
    kernel = weight.shape[2:]
    ones = [1] * rank
    strides, dilations = (
        [int(value) for value in node.attributes.get(name, ones)] for name in ("strides", "dilations")
    )
    begins = _begins(node, kernel, strides, dilations)
    outputs = weight.shape[1] * group
    if bias is None:
        bias = Value(f"{node.label}.zeros", (outputs,), data=np.zeros(outputs, np.float32))
    steps = Steps(node)
    turned = weight.data is None and prod(kernel) > 1
    x = _turned(steps, x) if turned else x
    x = _spread(steps, x, strides)
    target = node.outputs[0].shape[2:]
    before, after = [0, 0], [0, 0]
    for begin, out, size, length, dilation in zip(
        begins, target, x.shape[2:], kernel, dilations, strict=True
    ):
        extent = dilation * (length - 1)
        before.append(extent - begin)
        after.append(out + extent - size - before[-1])
    if turned:
        before, after = after, before
    x = steps.pad(x, before, [size + b + a for size, b, a in zip(x.shape, before, after, strict=True)])
    result = steps.convolution(x, _exchanged(weight, group), bias, dilations, group)
    return steps.finish(_turned(steps, result) if turned else result)


def columns_to_image(node: Node) -> list[Op]:
    """Col2Im: the sum of the windows' elements, each position of the kernel spread over the image."""
    steps, x = Steps(node), node.first
    image, block = (node.constant(index) for index in (1, 2))
    assert image is not None
    assert block is not None
    if len(block) != 2:
        found = f"found {len(block)} dimensions, only 2 are supported"
        raise PlanError(node.label, node.kind, found)
    kernel, target = [int(size) for size in block], [int(size) for size in image]
    strides, dilations, pads = (
        [int(value) for value in node.attributes.get(name, default)]
        for name, default in (("strides", [1, 1]), ("dilations", [1, 1]), ("pads", [0] * 4))
    )
    counts = [
        (target[axis] + pads[axis] + pads[axis + 2] - dilations[axis] * (kernel[axis] - 1) - 1)
        // strides[axis]
        + 1
        for axis in range(2)
    ]
    batch, channels = node.outputs[0].shape[:2]
    apart = steps.view(x, (batch, channels, prod(kernel), prod(counts)))
    total: Value | None = None
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            one = steps.slice(apart, 2, row * kernel[1] + column, 1, 1)
            spread = _spread(steps, steps.view(one, (batch, channels, *counts)), strides)
            before = [0, 0, row * dilations[0] - pads[0], column * dilations[1] - pads[1]]
            placed = steps.pad(spread, before, (batch, channels, *target))
            total = placed if total is None else steps.binary(BinaryKind.ADD, total, placed)
    assert total is not None
    return steps.finish(total)


def _begins(node: Node, kernel: tuple[int, ...], strides: list[int], dilations: list[int]) -> list[int]:
    """Elements that are cut off at the beginning of each axis."""
    auto = node.attributes.get("auto_pad", b"NOTSET").decode()
    if auto in ("NOTSET", "VALID") and "output_shape" not in node.attributes:
        given = node.attributes.get("pads", [0] * 2 * len(kernel)) if auto == "NOTSET" else [0] * len(kernel)
        return [int(pad) for pad in given[: len(kernel)]]
    begins = []
    extra = node.attributes.get("output_padding", [0] * len(kernel))
    for axis, length in enumerate(kernel):
        whole = strides[axis] * (node.first.shape[axis + 2] - 1) + int(extra[axis])
        total = max(whole + (length - 1) * dilations[axis] + 1 - node.outputs[0].shape[axis + 2], 0)
        begins.append(total // 2 if auto == "SAME_UPPER" else total - total // 2)
    return begins


def _turned(steps: Steps, x: Value) -> Value:
    for axis in range(2, len(x.shape)):
        x = steps.slice(x, axis, x.shape[axis] - 1, -1, x.shape[axis])
    return x


def _spread(steps: Steps, x: Value, strides: list[int]) -> Value:
    """`x` with stride - 1 zeros between its elements."""
    for axis, stride in enumerate(strides, start=2):
        if stride == 1:
            continue
        outer, size, inner = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :])
        padded = steps.pad(steps.view(x, (outer * size, 1, inner)), [0, 0, 0], [outer * size, stride, inner])
        wide = steps.view(padded, (*x.shape[:axis], size * stride, *x.shape[axis + 1 :]))
        x = steps.slice(wide, axis, 0, 1, size * stride - stride + 1)
    return x


def _exchanged(weight: Value, group: int) -> Value:
    """The weight of a convolution, [outputs, inputs of a group, …], of [inputs, outputs of a group, …].

    A constant is turned, too.
    """
    inputs, each, *kernel = weight.shape
    shape = (each * group, inputs // group, *kernel)
    if weight.data is None:
        return replace(weight, name=f"{weight.name}.exchanged", shape=shape, transposed=True)
    apart = weight.data.reshape(group, inputs // group, each, *kernel).swapaxes(1, 2)
    data = np.flip(apart, tuple(range(3, apart.ndim))).reshape(shape)
    return Value(f"{weight.name}.exchanged", shape, data=np.ascontiguousarray(data))
