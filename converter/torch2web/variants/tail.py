"""The end of a network: its last linear layer, and the global average pooling before it."""

from collections.abc import Iterator, Sequence
from typing import Any

from onnx import ModelProto, NodeProto, helper, numpy_helper

_PRODUCTS = ("Gemm", "MatMul")
_SHAPE_ONLY = frozenset(("Dropout", "Flatten", "Identity", "Reshape", "Squeeze"))
"""Operators between pooling and linear layer that leave the values as they are."""


class NoTailError(Exception):
    """The network ends otherwise."""


class Tail:
    """The end of a network, read from its output backwards."""

    def __init__(self, model: ModelProto) -> None:
        self.output: str = model.graph.output[0].name
        self.producers: dict[str, NodeProto] = {
            name: node for node in model.graph.node for name in node.output
        }
        self.constants = {tensor.name: tensor for tensor in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = node.attribute[0].t

    def before_linear(self) -> tuple[list[NodeProto], str]:
        """The nodes of the last linear layer, in order, and its input. Raises NoTailError."""
        layers = list(self._linear_layers(self.output))
        inputs = {layer.input[0] for layer in layers if layer.op_type in _PRODUCTS}
        if len(inputs) != 1:
            raise NoTailError
        return layers, inputs.pop()

    def before_pooling(self) -> tuple[list[NodeProto], str]:
        """The nodes of the last linear layer, and the feature map before the pooling. Raises NoTailError."""
        layers, pooled = self.before_linear()
        return layers, self._before_pooling(pooled)

    def _linear_layers(self, name: str) -> Iterator[NodeProto]:
        """Gemm, several of them with a Concat (see `split.py`), or MatMul, each perhaps with an Add."""
        node = self._producer(name)
        if node.op_type == "Concat" and attributes_of(node).get("axis") in (1, -1):
            for part in node.input:
                yield from self._linear_layers(part)
        elif (node.op_type == "Add" and node.input[1] in self.constants) or node.op_type == "Identity":
            yield from self._linear_layers(node.input[0])
        elif not self._is_product(node):
            raise NoTailError
        yield node

    def _is_product(self, node: NodeProto) -> bool:
        plain = {"alpha": 1.0, "beta": 1.0, "transA": 0}
        found = {key: value for key, value in attributes_of(node).items() if key in plain}
        known = all(name in self.constants for name in node.input[1:])
        return node.op_type in _PRODUCTS and known and {**plain, **found} == plain

    def _before_pooling(self, name: str) -> str:
        node = self._producer(name)
        while node.op_type in _SHAPE_ONLY:
            node = self._producer(node.input[0])
        if node.op_type == "GlobalAveragePool":
            return str(node.input[0])
        axes: set[int] = set()
        while node.op_type == "ReduceMean" and not axes >= {2, 3}:
            axes |= {axis % 4 for axis in self._axes(node)}
            name = node.input[0]
            node = self.producers.get(name, NodeProto())
        if axes != {2, 3}:
            raise NoTailError
        return name

    def _axes(self, node: NodeProto) -> Sequence[int]:
        given = attributes_of(node).get("axes")
        if given is None and len(node.input) > 1 and node.input[1] in self.constants:
            given = numpy_helper.to_array(self.constants[node.input[1]]).tolist()
        return given or ()

    def _producer(self, name: str) -> NodeProto:
        if name not in self.producers:
            raise NoTailError
        return self.producers[name]


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """Attributes of `node` by name."""
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def serialised(model: ModelProto) -> bytes:
    """`model`, whose output has another number of values than before: [batch, values]."""
    del model.graph.value_info[:]
    output = model.graph.output[0].type.tensor_type.shape
    del output.dim[1:]
    output.dim.add(dim_param="values")
    content: bytes = model.SerializeToString(deterministic=True)
    return content
