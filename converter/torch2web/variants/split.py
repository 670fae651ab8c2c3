"""Separates an ONNX model into graph and weights, so that weights can be stored in smaller encodings.

In the graph each weight is external data (ONNX, "External Data"), one location per weight. Large matrices are
split into blocks of output columns, so that decoding needs memory for one block at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from torch2web.variants.encodings import Weight

MIN_WEIGHT_ELEMENTS = 1024
"""Minimum number of elements of an external weight; smaller biases and constants stay in the graph."""

MAX_WEIGHT_BYTES = 8 * 2**20
"""Maximum size of a matrix in float32; larger ones are split."""

_COLUMNS = 16
"""Block widths are multiples of this, to suit SIMD kernels."""


@dataclass(frozen=True)
class SplitModel:
    graph: bytes
    """Serialised ONNX model that refers to `weights` as external data."""
    weights: tuple[Weight, ...]


def split_model(path: Path) -> SplitModel:
    """Split the ONNX model at `path` into graph and weights."""
    model = onnx.load(path)
    columns = _split_matrices(model.graph)
    factors = _factors(model.graph) | _written_into_constants(model.graph)
    weights: list[Weight] = []
    names: dict[str, str] = {}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < MIN_WEIGHT_ELEMENTS or tensor.name in factors:
            continue
        axis = 1 if tensor.name in columns else 0
        weight = Weight(f"w{len(weights)}", np.ascontiguousarray(values), axis)
        names[tensor.name] = weight.name
        weights.append(weight)
        tensor.CopyFrom(external_tensor(weight))
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    # Protobuf guarantees identical bytes only within one version of the library, which suffices here.
    return SplitModel(model.SerializeToString(deterministic=True), tuple(weights))


def _factors(graph: GraphProto) -> set[str]:
    """Tensors that BatchNormalization parameters depend on; plans fold them in, so they stay unrounded."""
    made_of = {output: node.input for node in graph.node for output in node.output}
    waiting = [name for node in graph.node if node.op_type == "BatchNormalization" for name in node.input[1:]]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += made_of.get(name, ())
    return found


def _written_into_constants(graph: GraphProto) -> set[str]:
    """Values that ScatterND writes into a constant, as torch.export makes the masks of shifted windows."""
    return {name for node in graph.node if node.op_type == "ScatterND" for name in node.input}


def external_tensor(weight: Weight) -> TensorProto:
    """The initializer of a graph that refers to `weight` as external data, at its name."""
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
    """Replace each Gemm with a large matrix by several and a Concat; return the names of the blocks."""
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    blocks: set[str] = set()
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
            # Transposed to [inputs, outputs]: for a batch of one the product is a weighted sum of rows.
            graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(matrix[columns].T), name))
            inputs = [node.input[0], name]
            if bias:
                inputs.append(f"{name}.bias")
                graph.initializer.append(numpy_helper.from_array(bias[0][columns].copy(), inputs[-1]))
            outputs.append(f"{name}.output")
            nodes.append(helper.make_node("Gemm", inputs, outputs[-1:], name))
            blocks.add(name)
        nodes.append(helper.make_node("Concat", outputs, node.output, f"{node.name}.join", axis=1))
    del graph.node[:]
    graph.node.extend(nodes)
    return blocks


def _has_large_matrix(node: NodeProto, initializers: dict[str, TensorProto]) -> bool:
    """Whether it is an exported linear layer with constant weights larger than MAX_WEIGHT_BYTES."""
    if node.op_type != "Gemm" or not all(name in initializers for name in node.input[1:]):
        return False
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    plain = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}
    if {**plain, "transB": 0, **attributes} != plain:
        return False
    rows, columns = initializers[node.input[1]].dims
    return int(rows * columns * 4) > MAX_WEIGHT_BYTES


def _column_ranges(outputs: int, inputs: int) -> Iterator[slice]:
    """Yield the output ranges of the blocks, each at most MAX_WEIGHT_BYTES."""
    width = max(MAX_WEIGHT_BYTES // (4 * inputs) // _COLUMNS, 1) * _COLUMNS
    for start in range(0, outputs, width):
        yield slice(start, min(start + width, outputs))
