"""Size of a network and work of one inference, counted in its ONNX graph."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, helper

from torch2web.variants.split import SplitModel
from torch2web.verification import create_session_with

Shapes = Mapping[str, tuple[int, ...]]
"""Shape of a tensor by its name."""


@dataclass(frozen=True)
class Complexity:
    """`complexity` of the manifest."""

    parameters: int
    """Numbers in the graph's float tensors: weights, biases and constants, normalisation folded in."""
    macs: int
    """Multiply-adds of convolutions and matrix products for one image; a FLOP count is twice that."""
    uncounted: tuple[str, ...]
    """Operators that may do products, which `macs` leaves out."""

    def as_dict(self) -> dict[str, Any]:
        more = {"uncounted": list(self.uncounted)} if self.uncounted else {}
        return {"parameters": self.parameters, "macs": self.macs, **more}


def measure_complexity(split: SplitModel, input_shape: tuple[int, int, int]) -> Complexity:
    """Count parameters and multiply-adds of `split` for one image, [channels, height, width].

    onnxruntime says the shape of each tensor: inference of shapes by ONNX stops at computed ones. Raises
    VerificationError if onnxruntime cannot run the graph.
    """
    model = onnx.load_from_string(split.graph)
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
    parameters = sum(
        math.prod(tensor.dims) for tensor in model.graph.initializer if tensor.data_type in floats
    )
    shapes = _shapes(model, split, input_shape)
    macs, uncounted = 0, set()
    for node in model.graph.node:
        if count := _COUNTS.get(node.op_type):
            macs += count(node, shapes)
        elif node.op_type in _WITH_PRODUCTS:
            uncounted.add(node.op_type)
    return Complexity(parameters, macs, tuple(sorted(uncounted)))


def _shapes(model: onnx.ModelProto, split: SplitModel, input_shape: tuple[int, int, int]) -> Shapes:
    """Shapes of all inputs and outputs of counted operators: a graph that gives them, run once."""
    counted = [node for node in model.graph.node if node.op_type in _COUNTS]
    names = list(dict.fromkeys(name for node in counted for name in (*node.input, *node.output) if name))
    if not names:
        return {}
    asking = onnx.ModelProto()
    asking.CopyFrom(model)
    del asking.graph.output[:]
    for number, name in enumerate(names):
        output = f"{_SHAPE}{number}"
        asking.graph.node.append(helper.make_node("Shape", [name], [output]))
        asking.graph.output.append(helper.make_tensor_value_info(output, onnx.TensorProto.INT64, None))
    weights = {weight.name: weight.values for weight in split.weights}
    session = create_session_with(asking.SerializeToString(), weights)
    feeds = {session.get_inputs()[0].name: np.zeros((1, *input_shape), np.float32)}
    found = session.run(None, feeds)
    return {name: tuple(map(int, shape)) for name, shape in zip(names, found, strict=True)}


_SHAPE = "torch2web.shape."
"""Prefix of the outputs that are added."""


def _of_convolution(node: NodeProto, shapes: Shapes) -> int:
    """Each output is a sum over the kernel [outputs, inputs / groups, …]."""
    return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])


def _of_transposed_convolution(node: NodeProto, shapes: Shapes) -> int:
    """Each input is spread over the kernel [inputs, outputs / groups, …]."""
    return math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])


def _of_product(node: NodeProto, shapes: Shapes) -> int:
    """Each output is a sum over the last axis of the first matrix, or its first where that is transposed."""
    transposed = any(entry.name == "transA" and entry.i for entry in node.attribute)
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if transposed else -1]


_COUNTS: Mapping[str, Callable[[NodeProto, Shapes], int]] = {
    "Conv": _of_convolution,
    "ConvTranspose": _of_transposed_convolution,
    "Gemm": _of_product,
    "MatMul": _of_product,
}

_WITH_PRODUCTS = frozenset(
    ("Attention", "Einsum", "GRU", "GridSample", "If", "LSTM", "Loop", "RNN", "Scan", "STFT")
)
"""Other operators that may do products worth counting."""
