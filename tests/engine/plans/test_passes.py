"""Passes change a copy of the given graph, not the graph itself."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.engine.plans.cases.random_networks import random_network
from tests.engine.plans.running import model_of
from torch2web.plan.import_onnx import build_ir, trace
from torch2web.plan.ir import Block, Conv, Graph, SqueezeExcite
from torch2web.plan.passes import simplify

make = helper.make_node


def inverted_residual() -> onnx.ModelProto:
    """Padding, expansion, BatchNormalization, squeeze-and-excite with SiLU, projection, a residual."""
    random = np.random.default_rng(3)
    shapes = {
        "expand": (16, 8, 1, 1),
        "depthwise": (16, 1, 3, 3),
        "first": (4, 16, 1, 1),
        "second": (16, 4, 1, 1),
        "project": (8, 16, 1, 1),
        "last": (12, 8, 3, 3),
        "factor": (1, 16, 1, 1),
    }
    constants: dict[str, Any] = {
        name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()
    }
    constants["pads"] = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    nodes = [
        make("Conv", ["input", "expand"], ["a"]),
        make("Mul", ["a", "factor"], ["b"]),
        make("Sigmoid", ["b"], ["c"]),
        make("Mul", ["b", "c"], ["d"]),
        make("Pad", ["d", "pads"], ["e"]),
        make("Conv", ["e", "depthwise"], ["f"], group=16),
        make("Relu", ["f"], ["g"]),
        make("GlobalAveragePool", ["g"], ["h"]),
        make("Conv", ["h", "first"], ["i"]),
        make("Relu", ["i"], ["j"]),
        make("Conv", ["j", "second"], ["k"]),
        make("Sigmoid", ["k"], ["l"]),
        make("Mul", ["g", "l"], ["m"]),
        make("Conv", ["m", "project"], ["n"]),
        make("Add", ["n", "input"], ["o"]),
        make("Conv", ["o", "last"], ["p"]),
        make("MaxPool", ["p"], ["output"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    return model_of(nodes, ("batch", 8, 8, 8), constants)


def contents(graph: Graph) -> list[Any]:
    """Every operator with its fields; values are compared by identity."""

    def content(value: Any) -> Any:
        return [id(item) for item in value] if isinstance(value, list) else value

    return [(op, [(name, content(value)) for name, value in vars(op).items()]) for op in graph.ops]


def require_copied(model: onnx.ModelProto) -> Graph:
    graph = build_ir(trace(model, 1))
    before, weights = contents(graph), list(graph.weights)
    simplified = simplify(graph)
    assert contents(graph) == before
    assert graph.weights == weights
    assert not {id(op) for op in graph.ops} & {id(op) for op in simplified.ops}
    return simplified


def test_every_pass_leaves_the_given_graph_unchanged() -> None:
    simplified = require_copied(inverted_residual())
    assert [type(op) for op in simplified.ops] == [Block, SqueezeExcite, Conv, Conv]
    _, _, project, last = simplified.ops
    assert isinstance(project, Conv)
    assert project.gate is not None
    assert project.residual is simplified.input
    assert isinstance(last, Conv)
    assert last.max_pool


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_are_left_unchanged(seed: int) -> None:
    require_copied(random_network(seed)[0])
