"""Follows the batch through an ONNX graph: which dimension of each value it is, or is a factor of."""

import math
from collections.abc import Sequence

from onnx import GraphProto, NodeProto, helper

Shapes = dict[str, list[int]]


Place = tuple[int, int]
"""A dimension that the batch is a factor of, and the product of the factors before it: of heads, say."""


def batch_places(graph: GraphProto, shapes: Shapes) -> dict[str, Place]:
    """Where the batch is in each value that depends on the graph's input. A best guess."""
    places: dict[str, Place] = {value.name: (0, 1) for value in graph.input}
    for node in graph.node:
        known = [name for name in node.input if name in places]
        if not known or node.op_type == "Shape":
            continue
        source = max(known, key=lambda name: len(shapes.get(name, [])))
        for output in node.output:
            places[output] = _after(node, places[source], shapes.get(source, []), shapes.get(output, []))
    return places


def _after(node: NodeProto, place: Place, before: Sequence[int], after: Sequence[int]) -> Place:
    axis, inner = place
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    if node.op_type == "Transpose":
        permutation = list(attributes.get("perm", range(len(before))[::-1]))
        return (permutation.index(axis), inner) if axis in permutation else (0, 1)
    if node.op_type == "Gather" and len(after) == len(before) - 1:
        return axis - (attributes.get("axis", 0) % max(len(before), 1) < axis), inner
    if len(before) == len(after) and node.op_type != "Reshape":
        return place
    return _reshaped(math.prod(before[:axis]) * inner, after)


def _reshaped(elements: int, after: Sequence[int]) -> Place:
    """The place of the batch after so many elements of the dimensions before it."""
    products = [math.prod(after[:index]) for index in range(len(after))]
    if elements in products:
        return products.index(elements), 1
    fitting = [index for index, product in enumerate(products) if 0 < product < elements]
    return (fitting[-1], elements // products[fitting[-1]]) if fitting else (0, 1)
