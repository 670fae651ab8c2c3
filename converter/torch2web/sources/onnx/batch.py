"""Frees the batch of an ONNX graph that was exported for a fixed number of images."""

from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.shape_inference import infer_shapes

from torch2web.sources.onnx.batch_axis import Place, batch_places

_FOLDED = (
    *("Add", "Cast", "Concat", "ConstantOfShape", "Div", "Equal", "Expand", "Gather", "Mul", "Range"),
    *("Slice", "Squeeze", "Sub", "Unsqueeze", "Where"),
)
"""Operators of which exporters compose sizes."""

_SIZES = {"Resize": 3, "Expand": 1}
"""Operators with the sizes of their output, all of them, as this input."""


def free_batch(model: ModelProto, batch: int | None) -> ModelProto:
    """A copy whose operators take any batch, where they took the number `batch`; None: as it is.

    A constant shape of Reshape gets -1 for the dimension that the batch is, or is a factor of; sizes of
    Resize and Expand take the batch from their input. A constant that is concatenated with values of each
    image, such as a class token, is repeated for each image.
    Whether the result computes the same is for the caller to see.
    """
    if batch is None:
        return model
    free = infer_shapes(model, data_prop=True)
    while len((folded := _with_folded_shapes(free)).graph.node) < len(free.graph.node):
        free = infer_shapes(folded, data_prop=True)
    graph = free.graph
    shapes = {value.name: _sizes(value) for value in (*graph.value_info, *graph.input, *graph.output)}
    shapes |= {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    places = batch_places(graph, shapes)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    constants |= {node.output[0]: node.attribute[0].t for node in graph.node if _is_constant(node)}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type == "Reshape" and node.input[1] in constants:
            _free_reshape(
                graph, node, numpy_helper.to_array(constants[node.input[1]]).tolist(), places, shapes
            )
        elif (
            (index := _SIZES.get(node.op_type)) and index < len(node.input) and node.input[index] in constants
        ):
            sizes = numpy_helper.to_array(constants[node.input[index]]).tolist()
            nodes += _free_sizes(graph, node, index, sizes, places, shapes)
        elif node.op_type == "Concat":
            nodes += _repeat_constants(graph, node, places, shapes, batch)
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    return free


def _with_folded_shapes(model: ModelProto) -> ModelProto:
    """A copy in which what constants alone determine is constant: sizes that exporters leave as operators."""
    folded = ModelProto()
    folded.CopyFrom(model)
    opset = next(entry.version for entry in folded.opset_import if not entry.domain)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in folded.graph.initializer}
    shapes = {value.name: _sizes(value) for value in (*folded.graph.value_info, *folded.graph.input)}
    nodes: list[NodeProto] = []
    for node in folded.graph.node:
        if _is_constant(node):
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type == "Shape" and not node.attribute and min(shapes.get(node.input[0]) or [0]) > 0:
            sizes = np.array(shapes[node.input[0]], np.int64)
            folded.graph.initializer.append(numpy_helper.from_array(sizes, node.output[0]))
            continue
        elif node.op_type in _FOLDED and all(name in constants for name in node.input):
            evaluator = ReferenceEvaluator(node, opsets={"": opset})
            results: Any = evaluator.run(None, {name: constants[name] for name in node.input})
            value = np.asarray(results[0])
            constants[node.output[0]] = value
            folded.graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
            continue
        nodes.append(node)
    del folded.graph.node[:]
    folded.graph.node.extend(nodes)
    return folded


def _free_reshape(
    graph: GraphProto,
    node: NodeProto,
    given: list[int],
    places: dict[str, Place],
    shapes: dict[str, list[int]],
) -> None:
    after = shapes.get(node.output[0]) or given
    if node.input[0] not in places or len(after) < 2:
        return
    place, _ = places.get(node.output[0], (0, 1))
    if min((*after[:place], *after[place + 1 :]), default=1) <= 0:  # of unknown sizes
        return
    name = f"{node.output[0]}.shape"
    sizes = [*after[:place], -1, *after[place + 1 :]]
    graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), name))
    node.input[1] = name


def _free_sizes(
    graph: GraphProto,
    node: NodeProto,
    index: int,
    given: list[int],
    places: dict[str, Place],
    shapes: dict[str, list[int]],
) -> list[NodeProto]:
    """Nodes that take dimension 0 of a constant size from the input; none where it is not the batch."""
    sizes = shapes.get(node.input[0]) or [0]
    if places.get(node.input[0]) != (0, 1) or len(given) != len(sizes) or given[0] != sizes[0]:
        return []
    base = f"{node.output[0]}.sizes"
    constants = {"zero": np.zeros(1, np.int64), "rest": np.array(given[1:], np.int64)}
    for key, value in constants.items():
        graph.initializer.append(numpy_helper.from_array(value, f"{base}.{key}"))
    first = node.input[0]
    node.input[index] = f"{base}.all"
    return [
        helper.make_node("Shape", [first], [f"{base}.input"], f"{base}.input"),
        helper.make_node(
            "Gather", [f"{base}.input", f"{base}.zero"], [f"{base}.batch"], f"{base}.batch", axis=0
        ),
        helper.make_node("Concat", [f"{base}.batch", f"{base}.rest"], [f"{base}.all"], f"{base}.all", axis=0),
    ]


def _repeat_constants(
    graph: GraphProto, node: NodeProto, places: dict[str, Place], shapes: dict[str, list[int]], batch: int
) -> list[NodeProto]:
    """Nodes that repeat, for each image, the inputs of a Concat that are the same for all images.

    `places`: the batch's dimension, of values that depend on the graph's input.
    """
    (axis,) = (entry.i for entry in node.attribute if entry.name == "axis")
    others = [name for name in node.input if name in places]
    if axis == 0 or not others:
        return []
    nodes: list[NodeProto] = []
    for index, name in enumerate(node.input):
        sizes = shapes.get(name) or [batch] * len(shapes.get(others[0], []))
        if name in places or len(sizes) < 2 or sizes[0] not in (0, batch):
            continue
        base = f"{node.output[0]}.{index}"
        constants = {"zero": np.zeros(1, np.int64), "tail": np.ones(len(sizes) - 1, np.int64)}
        for key, value in constants.items():
            graph.initializer.append(numpy_helper.from_array(value, f"{base}.{key}"))
        made: tuple[tuple[str, list[str], str, dict[str, Any]], ...] = (
            ("Gather", [name, f"{base}.zero"], "one", {"axis": 0}),
            ("Shape", [others[0]], "sizes", {}),
            ("Gather", [f"{base}.sizes", f"{base}.zero"], "batch", {"axis": 0}),
            ("Concat", [f"{base}.batch", f"{base}.tail"], "shape", {"axis": 0}),
            ("Expand", [f"{base}.one", f"{base}.shape"], "each", {}),
        )
        nodes += [
            helper.make_node(kind, inputs, [f"{base}.{key}"], f"{base}.{key}", **attributes)
            for kind, inputs, key, attributes in made
        ]
        node.input[index] = f"{base}.each"
    return nodes


def _sizes(value: onnx.ValueInfoProto) -> list[int]:
    """The sizes of a value, 0 for an unknown one; empty without a shape."""
    return [axis.dim_value for axis in value.type.tensor_type.shape.dim]


def _is_constant(node: NodeProto) -> bool:
    return node.op_type == "Constant" and len(node.attribute) == 1 and node.attribute[0].name == "value"
