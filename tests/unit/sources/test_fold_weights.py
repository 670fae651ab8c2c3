"""What depends on weights alone is computed when the file is written."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from tests.materials import MATERIALS
from tests.networks import NETWORKS, build
from tests.networks.files import entry_of, write_file
from torch2web.catalog import spec_from
from torch2web.plan import plan_model
from torch2web.sources import load_source
from torch2web.sources.graph_passes import fold_weights
from torch2web.variants import split_model

make = helper.make_node
WEIGHT: Any = np.random.default_rng(1).normal(size=(16, 8, 3, 3)).astype(np.float32)
MATRIX: Any = np.random.default_rng(2).normal(size=(40, 40)).astype(np.float32)


def model_of(
    nodes: list[Any], constants: dict[str, Any], shape: tuple[int, ...] = (8, 5, 5)
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *shape])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: onnx.ModelProto, shape: tuple[int, ...] = (8, 5, 5)) -> Any:
    x = np.random.default_rng(3).normal(size=(2, *shape)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"input": x})[0]


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def standardised() -> onnx.ModelProto:
    nodes = [
        make("ReduceMean", ["w"], ["m"], axes=[1, 2, 3], keepdims=1),
        make("Sub", ["w", "m"], ["centred"]),
        make("Mul", ["centred", "two"], ["scaled"]),
        make("Conv", ["input", "scaled"], ["output"]),
    ]
    return model_of(nodes, {"w": WEIGHT, "two": np.array(2, np.float32)})


def test_result_takes_the_place_of_the_weight() -> None:
    model = standardised()
    expected = run(model)
    assert fold_weights(model) == 1
    assert kinds(model) == ["Conv"]
    assert [tensor.name for tensor in model.graph.initializer] == ["scaled"]
    np.testing.assert_allclose(run(model), expected, rtol=1e-5, atol=1e-5)


def test_weight_that_is_also_read_as_it_is_stays() -> None:
    model = standardised()
    model.graph.node[-1].output[0] = "first"
    model.graph.node.append(make("Conv", ["input", "w"], ["second"]))
    model.graph.node.append(make("Add", ["first", "second"], ["output"]))
    expected = run(model)
    assert fold_weights(model) == 1
    assert {tensor.name for tensor in model.graph.initializer} == {"scaled", "w"}
    np.testing.assert_allclose(run(model), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["Identity", "Transpose"])
def test_shared_weight_is_not_stored_twice(kind: str) -> None:
    nodes = [
        make(kind, ["m"], ["again"]),
        make("MatMul", ["input", "m"], ["x"]),
        make("MatMul", ["x", "again"], ["output"]),
    ]
    model = model_of(nodes, {"m": MATRIX}, (40,))
    assert fold_weights(model) == 0
    assert kinds(model) == [kind, "MatMul", "MatMul"]


def test_file_grows_by_a_quarter_at_most() -> None:
    nodes = [make("Tile", ["m", "r"], ["tiled"]), make("Add", ["input", "tiled"], ["output"])]
    model = model_of(nodes, {"m": MATRIX, "r": np.array([1000, 1])}, (40_000, 40))
    assert fold_weights(model) == 0
    assert kinds(model) == ["Tile", "Add"]


def test_random_numbers_stay() -> None:
    nodes = [
        make("RandomNormalLike", ["w"], ["r"]),
        make("Add", ["w", "r"], ["noisy"]),
        make("Conv", ["input", "noisy"], ["output"]),
    ]
    model = model_of(nodes, {"w": WEIGHT})
    assert fold_weights(model) == 0


def test_small_constants_are_left_to_the_graph() -> None:
    nodes = [make("Add", ["a", "a"], ["b"]), make("Mul", ["input", "b"], ["output"])]
    model = model_of(nodes, {"a": np.ones((8, 1, 1), np.float32)})
    assert fold_weights(model) == 0


@pytest.mark.parametrize("exporter", ["torchscript", "torch.export"])
def test_standardised_network_is_planned(tmp_path: Path, exporter: str) -> None:
    """As ResNetV2 and the NFNets of timm have it: by a batch norm of the weights, in training mode."""
    name = "weight_standardised"
    path = write_file(name, "state_dict", tmp_path)
    loaded = load_source(spec_from(path, "", entry_of(name, "state_dict", path, exporter)), path, MATERIALS)
    loaded.export(tmp_path / "model.onnx")
    plan_model(onnx.load_from_string(split_model(tmp_path / "model.onnx").graph))
    entry = NETWORKS[name]
    x = np.random.default_rng(1).normal(size=(2, entry.channels, *entry.size)).astype(np.float32)
    found = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"input": x})[0]
    with torch.no_grad():
        expected = build(name)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
