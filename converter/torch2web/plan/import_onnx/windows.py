"""Imports norms of windows, and a normalization by neighbouring channels."""

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.import_onnx.conv_pool import Window, window_of
from torch2web.plan.import_onnx.functions import raised
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.reductions import total
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.ir import Conv, Op, Value


def lp_pool(node: Node) -> list[Op]:
    """The p-norm of each window: a depthwise convolution of the powers with ones."""
    steps, x = Steps(node), node.first
    p = int(node.attributes.get("p", 2))
    window = _with_whole_windows(node, window_of(node, tuple(node.attributes["kernel_shape"])))
    channels = x.shape[1]
    ones = steps.constant(np.ones((channels, 1, *node.attributes["kernel_shape"])))
    zeros = steps.constant(np.zeros(channels))
    sums = steps.add(
        Conv(
            node.label,
            [_powers(steps, x, p), ones, zeros],
            steps.value(node.outputs[0].shape),
            window.kernel,
            window.strides,
            window.pads,
            window.dilations,
            channels,
        )
    )
    return steps.finish(raised(steps, sums, 1 / p))


def _with_whole_windows(node: Node, window: Window) -> Window:
    """`window` with as much padding at the end as its last positions need, with ceil_mode."""
    sizes = (node.first.shape[2] if len(node.first.shape) == 4 else 1, node.first.shape[-1])
    out = (node.outputs[0].shape[2] if len(node.first.shape) == 4 else 1, node.outputs[0].shape[-1])
    begin, end = window.pads[:2], list(window.pads[2:])
    for axis in range(2):
        extent = (window.kernel[axis] - 1) * window.dilations[axis] + 1
        needed = (out[axis] - 1) * window.strides[axis] + extent - sizes[axis] - begin[axis]
        end[axis] = max(end[axis], needed)
    return Window(window.kernel, window.strides, (*begin, end[0], end[1]), window.dilations)


def global_lp_pool(node: Node) -> list[Op]:
    steps, x = Steps(node), node.first
    p = int(node.attributes.get("p", 2))
    sums = total(steps, _powers(steps, x, p), range(2, len(x.shape)))
    return steps.finish(raised(steps, sums, 1 / p))


def _powers(steps: Steps, x: Value, p: int) -> Value:
    if p % 2:
        x = steps.activate(x, ActivationKind.ABS)
    return raised(steps, x, float(p))


def local_response_normalization(node: Node) -> list[Op]:
    """LRN: the sum over neighbouring channels is a pointwise convolution with a band of ones."""
    steps, x = Steps(node), node.first
    if len(x.shape) not in (3, 4):
        found = f"found {len(x.shape) - 2} dimensions, only 1 or 2 are supported"
        raise PlanError(node.label, node.kind, found)
    size, channels = int(node.attributes["size"]), x.shape[1]
    alpha, beta, bias = (
        float(node.attributes.get(name, default))
        for name, default in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))
    )
    away = np.arange(channels)[None] - np.arange(channels)[:, None]
    band = (away >= -((size - 1) // 2)) & (away <= size // 2)
    weight = steps.constant((band * (alpha / size)).reshape(channels, channels, *[1] * (len(x.shape) - 2)))
    squares = steps.binary(BinaryKind.MUL, x, x)
    ones = [1] * (len(x.shape) - 2)
    sums = steps.convolution(squares, weight, steps.constant(np.full(channels, bias)), ones, 1)
    return steps.finish(steps.binary(BinaryKind.DIV, x, raised(steps, sums, beta)))
