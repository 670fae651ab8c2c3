"""An ONNX file taken apart: the graph, and beside it the weights, to be stored in smaller forms.

The graph names each weight as external data (ONNX, "External Data"), one file a weight. A matrix too large to
be handled at once becomes several, each with some of the outputs: whoever decodes the weights then needs
memory for one of them at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from torch2web.variants.encodings import Weight

SMALLEST = 1024
"""Elements that a weight must have to be stored apart; biases and constants stay in the graph."""

LARGEST = 8 * 2**20
"""Bytes of float32 that a weight may have before it becomes several."""

_COLUMNS = 16
"""Outputs that a part of a matrix has a multiple of, for kernels that compute several at once."""


@dataclass(frozen=True)
class SplitModel:
    graph: bytes
    """The ONNX model without `weights`."""
    weights: tuple[Weight, ...]


def split_model(path: Path) -> SplitModel:
    """Take the model at `path` apart."""
    model = onnx.load(path)
    columns = _split_matrices(model.graph)
    factors = _factors(model.graph)
    weights: list[Weight] = []
    names: dict[str, str] = {}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALLEST or tensor.name in factors:
            continue
        axis = 1 if tensor.name in columns else 0
        weight = Weight(f"w{len(weights)}", np.ascontiguousarray(values), axis)
        names[tensor.name] = weight.name
        weights.append(weight)
        tensor.CopyFrom(_external(weight))
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    # No protobuf promises the same bytes everywhere, but one version gives the same for the same model.
    return SplitModel(model.SerializeToString(deterministic=True), tuple(weights))


def _factors(graph: GraphProto) -> set[str]:
    """What BatchNormalizations read: a plan computes with it, and not with what rounding would make of it."""
    made_of = {output: node.input for node in graph.node for output in node.output}
    waiting = [name for node in graph.node if node.op_type == "BatchNormalization" for name in node.input[1:]]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += made_of.get(name, ())
    return found


def _external(weight: Weight) -> TensorProto:
    tensor = TensorProto(
        name=weight.name,
        data_type=TensorProto.FLOAT,
        dims=weight.values.shape,
        data_location=TensorProto.EXTERNAL,
    )
    fields = {"location": weight.name, "offset": "0", "length": str(weight.values.nbytes)}
    for key, value in fields.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def _split_matrices(graph: GraphProto) -> set[str]:
    """Put several products in the place of each that has too large a matrix; return the parts' names."""
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    parts: set[str] = set()
    nodes: list[NodeProto] = []
    for node in graph.node:
        if not _has_large_matrix(node, initializers):
            nodes.append(node)
            continue
        matrix, *bias = (numpy_helper.to_array(initializers[name]) for name in node.input[1:])
        for name in node.input[1:]:
            graph.initializer.remove(initializers.pop(name))
        outputs = []
        for number, columns in enumerate(_column_ranges(*matrix.shape)):
            name = f"{node.input[1]}.{number}"
            # Inputs as rows: for one picture that is a sum of rows, which needs no rearranging.
            graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(matrix[columns].T), name))
            inputs = [node.input[0], name]
            if bias:
                inputs.append(f"{name}.bias")
                graph.initializer.append(numpy_helper.from_array(bias[0][columns].copy(), inputs[-1]))
            outputs.append(f"{name}.output")
            nodes.append(helper.make_node("Gemm", inputs, outputs[-1:], name))
            parts.add(name)
        nodes.append(helper.make_node("Concat", outputs, node.output, f"{node.name}.join", axis=1))
    del graph.node[:]
    graph.node.extend(nodes)
    return parts


def _has_large_matrix(node: NodeProto, initializers: dict[str, TensorProto]) -> bool:
    """Whether it is what PyTorch makes of a linear layer, over LARGEST and used by no other node."""
    if node.op_type != "Gemm" or not all(name in initializers for name in node.input[1:]):
        return False
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    plain = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}
    if {**plain, "transB": 0, **attributes} != plain:
        return False
    rows, columns = initializers[node.input[1]].dims
    return int(rows * columns * 4) > LARGEST


def _column_ranges(outputs: int, inputs: int) -> Iterator[slice]:
    width = max(LARGEST // (4 * inputs) // _COLUMNS, 1) * _COLUMNS
    for start in range(0, outputs, width):
        yield slice(start, min(start + width, outputs))
