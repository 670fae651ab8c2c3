"""Which weights are matrices that multiply an input of the graph, and how their values are arranged in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import onnx
import onnx.shape_inference
from numpy.typing import NDArray
from onnx import NodeProto, helper

from torch2web.variants.encodings import Weight


@dataclass(frozen=True)
class Layer:
    """A weight as matrices [groups, outputs, inputs], each of which multiplies columns of `input`."""

    weight: Weight
    input: str
    """Name of the tensor that it multiplies."""
    groups: int
    transposed: bool
    """Whether the weight is stored as [inputs, outputs]."""
    window: "Window | None"
    """Of a convolution; None: the input's last axis is multiplied."""
    channels: int = 0
    """Of the feature map that the input is, flattened: inputs are [channels, places]; 0: it is none."""
    output: str = ""
    """Name of the tensor that it computes, perhaps with a bias."""

    @property
    def inputs(self) -> int:
        """Inputs of each output."""
        shape = self.weight.values.shape
        return shape[0] if self.transposed else prod(shape[1:])

    def matrices(self, values: NDArray[Any]) -> NDArray[Any]:
        """`values`, of the weight's shape, as [groups, outputs, inputs]."""
        if self.transposed:
            return values.T[np.newaxis]
        return values.reshape(self.groups, values.shape[0] // self.groups, -1)

    def restored(self, matrices: NDArray[Any]) -> NDArray[Any]:
        """Inverse of `matrices`."""
        if self.transposed:
            return np.ascontiguousarray(matrices[0].T)
        return matrices.reshape(self.weight.values.shape)

    def columns(self, x: NDArray[np.float32], most: int, shift: int) -> NDArray[np.float64]:
        """At most `most` of the columns that `x`, the input tensor, has for the matrices.

        Evenly spread, beginning at `shift`; [groups, columns, inputs].
        """
        if self.window is None:
            rows = x.reshape(-1, x.shape[-1])
            return rows[_spread(len(rows), most, shift)][np.newaxis].astype(np.float64)
        windows = self.window.over(x)
        places = windows.shape[2 : windows.ndim - self.window.rank]
        chosen = _spread(len(x) * prod(places), most, shift)
        sample, *at = np.unravel_index(chosen, (len(x), *places))
        by_place = np.moveaxis(windows, 1, -1 - self.window.rank)  # [batch, places, channels, window]
        found = by_place[(sample, *at)]
        per_group = found.reshape(len(found), self.groups, -1)
        columns: NDArray[np.float64] = per_group.transpose(1, 0, 2).astype(np.float64)
        return columns


@dataclass(frozen=True)
class Window:
    """Where a convolution reads its input: ONNX's attributes, one number for each axis of the image."""

    kernel: tuple[int, ...]
    pads: tuple[int, ...]
    """Before each axis, then after each."""
    strides: tuple[int, ...]
    dilations: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.kernel)

    def over(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """A view of padded `x` [batch, channels, image]: [batch, channels, places, window]."""
        around = zip(self.pads[: self.rank], self.pads[self.rank :], strict=True)
        padded = np.pad(x, ((0, 0), (0, 0), *around))
        sizes = tuple((size - 1) * step + 1 for size, step in zip(self.kernel, self.dilations, strict=True))
        view = np.lib.stride_tricks.sliding_window_view(padded, sizes, tuple(range(2, 2 + self.rank)))
        steps = (*self.strides, *self.dilations)
        return view[(slice(None), slice(None), *(slice(None, None, step) for step in steps))]


def find_layers(model: onnx.ModelProto, weights: Sequence[Weight]) -> list[Layer]:
    """Layers of `weights` that one node of `model` reads as the matrix of a product or convolution."""
    by_name = {weight.name: weight for weight in weights}
    uses = Counter(name for node in model.graph.node for name in node.input)
    flattened = _flattened_maps(model)
    layers = []
    for node in model.graph.node:
        read = _READERS.get(node.op_type)
        if read and len(node.input) > 1 and node.input[1] in by_name and uses[node.input[1]] == 1:
            attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
            if layer := read(node, attributes, by_name[node.input[1]]):
                channels = flattened.get(layer.input, 0)
                channels = channels if _divides(channels, layer) else 0
                layers.append(replace(layer, channels=channels, output=node.output[0]))
    return layers


def _flattened_maps(model: onnx.ModelProto) -> dict[str, int]:
    """Tensors that are a feature map [batch, channels, height, width], flattened; with its channels."""
    flat = {
        node.output[0]: node.input[0]
        for node in model.graph.node
        if node.op_type == "Flatten" or (node.op_type == "Reshape" and node.input)
    }
    if not flat:
        return {}
    inferred = onnx.shape_inference.infer_shapes(model).graph
    shapes = {entry.name: entry.type.tensor_type.shape.dim for entry in inferred.value_info}
    return {
        name: int(shapes[source][1].dim_value)
        for name, source in flat.items()
        if len(shapes.get(source, ())) == 4
    }


def _divides(channels: int, layer: Layer) -> bool:
    return channels > 1 and layer.inputs % channels == 0


def _convolution(node: NodeProto, attributes: Mapping[str, Any], weight: Weight) -> Layer | None:
    kernel = weight.values.shape[2:]
    if attributes.get("auto_pad", b"NOTSET") != b"NOTSET" or weight.axis != 0:
        return None
    rank = len(kernel)
    ones = (1,) * rank
    window = Window(
        kernel,
        tuple(attributes.get("pads", (0,) * 2 * rank)),
        tuple(attributes.get("strides", ones)),
        tuple(attributes.get("dilations", ones)),
    )
    return Layer(weight, node.input[0], attributes.get("group", 1), False, window)


def _gemm(node: NodeProto, attributes: Mapping[str, Any], weight: Weight) -> Layer | None:
    if attributes.get("transA", 0):
        return None
    return Layer(weight, node.input[0], 1, not attributes.get("transB", 0), None)


def _product(node: NodeProto, _: Mapping[str, Any], weight: Weight) -> Layer | None:
    return Layer(weight, node.input[0], 1, True, None) if weight.values.ndim == 2 else None


_READERS = {"Conv": _convolution, "Gemm": _gemm, "MatMul": _product}


def _spread(count: int, most: int, shift: int) -> NDArray[np.int64]:
    """At most `most` indices below `count`, evenly spaced, moved by `shift` around the end."""
    taken = min(count, most)
    return np.sort((np.arange(taken) * count // taken + shift) % count)
