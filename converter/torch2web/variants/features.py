"""Features: a second graph that shares the weights and gives the output of an inner layer too.

A classifier can then embed images: by default in the space of its last linear layer.
"""

from collections.abc import Iterator

import onnx
from onnx import ModelProto, helper, shape_inference

from torch2web.variants.tail import NoTailError, Tail, serialised

POOLED = "pooled"
"""Name of the default layer: the input of the last linear layer."""


class NoLayerError(Exception):
    """The graph has no such layer; the message says what it has."""


def features_graph(graph: bytes, layer: str) -> bytes:
    """ONNX with the same external weights as `graph`: [batch, outputs + features].

    `layer` is POOLED, or the path of a PyTorch module such as `layer4.1`, by which exported operators are
    named; a feature map is averaged over its pixels. Raises NoLayerError.
    """
    model = onnx.load_from_string(graph)
    name = _pooled(model) if layer == POOLED else _output_of(model, layer)
    rank = _rank(model, name)
    nodes = []
    if rank == 4:
        nodes.append(helper.make_node("GlobalAveragePool", [name], ["features.pooled"], "features.pooled"))
        name = "features.pooled"
    elif rank != 2:
        raise NoLayerError(f"the output of {layer} has {rank} dimensions, expected a vector or a feature map")
    output = model.graph.output[0].name
    for node in model.graph.node:
        node.output[:] = ["features.outputs" if found == output else found for found in node.output]
        node.input[:] = ["features.outputs" if found == output else found for found in node.input]
    name = "features.outputs" if name == output else name
    nodes += [
        helper.make_node("Flatten", [name], ["features"], "features", axis=1),
        helper.make_node("Concat", ["features.outputs", "features"], [output], "features.joined", axis=1),
    ]
    model.graph.node.extend(nodes)
    return serialised(model)


def _pooled(model: ModelProto) -> str:
    try:
        return Tail(model).before_linear()[1]
    except NoTailError as error:
        problem = "the network does not end in a linear layer; name a layer"
        raise NoLayerError(f"{problem}: {_known(model)}") from error


def _output_of(model: ModelProto, layer: str) -> str:
    found: list[str] = [node.output[0] for node in model.graph.node if _is_inside(node.name, layer)]
    if not found:
        raise NoLayerError(f"there is no layer {layer}; found {_known(model)}")
    return found[-1]


def _is_inside(name: str, layer: str) -> bool:
    """Whether the node `name` belongs to the module `layer`, perhaps with modules around the network."""
    return any(part == layer or part.endswith(f".{layer}") for part in name.split("/")[:-1])


def _known(model: ModelProto) -> str:
    """Some of the layers that operators are named by, the last ones first."""

    def paths() -> Iterator[str]:
        for node in reversed(model.graph.node):
            yield from reversed(node.name.split("/")[1:-1])

    names = list(dict.fromkeys(paths()))
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "") if names else "none with a name"


def _rank(model: ModelProto, name: str) -> int:
    inferred = shape_inference.infer_shapes(model, data_prop=True).graph
    values = {value.name: value for value in (*inferred.value_info, *inferred.output)}
    return len(values[name].type.tensor_type.shape.dim) if name in values else 0
