"""Imports convolutions and pools in one or two dimensions; resolves auto_pad."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.ir import Conv, Mean, Op, Pool, Value


@dataclass(frozen=True)
class Window:
    """By height and width; pads are top, left, bottom, right."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[int, int, int, int]
    dilations: tuple[int, int]


def _pair(values: Any, default: int = 1) -> tuple[int, int]:
    """Height and width; a height of `default` in one dimension."""
    given = [int(value) for value in values]
    first, second = given if len(given) == 2 else (default, given[0])
    return first, second


def window_of(node: Node, kernel: tuple[int, ...]) -> Window:
    """The window of a convolution or pool, with auto_pad resolved. Raises PlanError."""
    x, y = node.first, node.outputs[0]
    rank = len(kernel)
    if rank not in (1, 2) or len(x.shape) != rank + 2:
        raise PlanError(node.label, node.kind, f"found {rank} dimensions, only 1 or 2 are supported")
    ones = [1] * rank
    strides, dilations = (node.attributes.get(name, ones) for name in ("strides", "dilations"))
    auto = node.attributes.get("auto_pad", b"NOTSET").decode()
    begin, end = [0] * rank, [0] * rank
    if auto == "NOTSET":
        pads = [int(pad) for pad in node.attributes.get("pads", [0] * 2 * rank)]
        begin, end = pads[:rank], pads[rank:]
    elif auto.startswith("SAME"):
        for i in range(rank):
            extent = (kernel[i] - 1) * dilations[i] + 1
            total = max((y.shape[i + 2] - 1) * strides[i] + extent - x.shape[i + 2], 0)
            begin[i] = total // 2 if auto == "SAME_UPPER" else total - total // 2
            end[i] = total - begin[i]
    if min(*begin, *end) < 0:
        raise PlanError(node.label, node.kind, "negative padding is not supported")
    top_left, bottom_right = _pair(begin, 0), _pair(end, 0)
    return Window(_pair(kernel), _pair(strides), (*top_left, *bottom_right), _pair(dilations))


def convolution(node: Node) -> list[Op]:
    x, weight = node.inputs[0], node.inputs[1]
    assert x is not None
    assert weight is not None
    if not weight.is_known:
        raise PlanError(node.label, node.kind, "computed weights are not supported")
    window = window_of(node, tuple(weight.shape[2:]))
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    if bias is None:
        bias = Value(f"{node.label}.zeros", weight.shape[:1], data=np.zeros(weight.shape[0], np.float32))
    if not bias.is_known:
        raise PlanError(node.label, node.kind, "a computed bias is not supported")
    return [
        Conv(
            node.label,
            [x, weight, bias],
            node.outputs[0],
            window.kernel,
            window.strides,
            window.pads,
            window.dilations,
            int(node.attributes.get("group", 1)),
        )
    ]


def pooling(node: Node) -> list[Op]:
    if len(node.outputs) > 1:
        raise PlanError(node.label, node.kind, "the indices output is not supported")
    x = node.inputs[0]
    assert x is not None
    window = window_of(node, tuple(node.attributes["kernel_shape"]))
    return [
        Pool(
            node.label,
            [x],
            node.outputs[0],
            node.kind == "AveragePool",
            window.kernel,
            window.strides,
            window.pads,
            window.dilations,
            bool(node.attributes.get("count_include_pad", 0)),
        )
    ]


def global_pool(node: Node) -> list[Op]:
    x = node.inputs[0]
    assert x is not None
    return [Mean(node.label, [x], node.outputs[0], tuple(range(2, len(x.shape))))]
