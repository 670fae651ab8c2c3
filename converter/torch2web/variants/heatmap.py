"""Class activation maps (Zhou et al., 2016, arXiv:1512.04150): a second graph that shares the weights.

Where a network ends in global average pooling and one linear layer, the layer may as well be applied to each
pixel of the feature map before the pooling: the map of a class has its logit as its mean. The bias is part of
the map, so that this holds exactly.
"""

from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from torch2web.variants.tail import NoTailError, Tail, attributes_of, serialised


def heatmap_graph(graph: bytes) -> bytes | None:
    """ONNX with the same external weights as `graph`: its class activation maps; None where it has none.

    The output is [batch, classes · (1 + height · width)]: for each image the logits, computed as the means
    of the maps, then the map of each class, row by row.
    """
    model = onnx.load_from_string(graph)
    try:
        layers, features = Tail(model).before_pooling()
    except NoTailError:
        return None
    head = _Head(features, next(entry.version for entry in model.opset_import if not entry.domain))
    for layer in layers:
        head.add_layer(layer)
    head.add_outputs()
    body = _needed(model.graph, features)
    del model.graph.node[:]
    model.graph.node.extend([*body, *head.nodes])
    model.graph.initializer.extend(head.constants)
    read = {name for node in model.graph.node for name in node.input}
    for tensor in [tensor for tensor in model.graph.initializer if tensor.name not in read]:
        model.graph.initializer.remove(tensor)
    return serialised(model)


class _Head:
    """The linear layer, applied to each pixel of a feature map [batch, channels, height, width]."""

    def __init__(self, features: str, opset: int) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._opset = opset
        self._renamed: dict[str, str] = {}
        self._last = ""
        flat = self._add("Reshape", "flat", features, self._integers("flat", 0, 0, -1))
        self._pixels = self._add("Transpose", "pixels", flat, perm=[0, 2, 1])

    def add_layer(self, layer: NodeProto) -> None:
        name = layer.output[0]
        match layer.op_type:
            case "Concat":
                parts = [self._renamed[part] for part in layer.input]
                found = self._add("Concat", f"layer.{name}", *parts, axis=2)
            case "Add":
                found = self._add("Add", f"layer.{name}", self._renamed[layer.input[0]], layer.input[1])
            case "Identity":
                found = self._renamed[layer.input[0]]
            case _:
                found = self._product(layer)
        self._last = self._renamed[name] = found

    def add_outputs(self) -> None:
        """The logits as means of the maps, and the maps."""
        maps = self._add("Transpose", "maps", self._last, perm=[0, 2, 1])
        if self._opset >= 18:
            logits = self._add("ReduceMean", "logits", maps, self._integers("axes", 2), keepdims=0)
        else:
            logits = self._add("ReduceMean", "logits", maps, axes=[2], keepdims=0)
        rows = self._add("Reshape", "rows", maps, self._integers("rows", 0, -1))
        self.nodes.append(helper.make_node("Concat", [logits, rows], ["output"], "heatmap.output", axis=1))

    def _product(self, layer: NodeProto) -> str:
        name, matrix = layer.output[0], layer.input[1]
        if attributes_of(layer).get("transB", 0):
            matrix = self._add("Transpose", f"layer.{name}.matrix", matrix, perm=[1, 0])
        product = self._add("MatMul", f"layer.{name}.product", self._pixels, matrix)
        return (
            self._add("Add", f"layer.{name}.sum", product, layer.input[2])
            if len(layer.input) > 2
            else product
        )

    def _integers(self, name: str, *values: int) -> str:
        self.constants.append(numpy_helper.from_array(np.array(values, np.int64), f"heatmap.{name}.constant"))
        return self.constants[-1].name

    def _add(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        output = f"heatmap.{name}"
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output


def _needed(graph: GraphProto, name: str) -> list[NodeProto]:
    """The nodes that `name` depends on, in their order."""
    needed, kept = {name}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    return kept[::-1]
