"""A model split into graph and weights computes the same; large matrices are split further."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from torch2web.variants import split
from torch2web.variants.split import split_model
from torch2web.verification.onnx_session import create_session, create_session_with, run_session

CASES = {"linear with bias": True, "linear without": False}


def small_model(path: Path, *, bias: bool, trans_b: int = 1, inputs: int = 96, outputs: int = 70) -> Path:
    """Flatten and two linear layers, the first of them wide: [batch, 3, 4, inputs / 12] to [batch, 5]."""
    random = np.random.Generator(np.random.PCG64(2))
    shape = (outputs, inputs) if trans_b else (inputs, outputs)
    weights: dict[str, NDArray[np.float32]] = {
        "layer/first weight": random.normal(size=shape).astype(np.float32),
        "second": random.normal(size=(5, outputs)).astype(np.float32),
        "offset": random.normal(size=outputs).astype(np.float32),
    }
    first = ["flat", "layer/first weight", *(["offset"] if bias else [])]
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"], axis=1),
        helper.make_node("Gemm", first, ["hidden"], name="first", transB=trans_b),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "second"], ["output"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 4, inputs // 12])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 5])],
        [numpy_helper.from_array(value, name) for name, value in weights.items() if bias or name != "offset"],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


def outputs_of(path: Path, largest: int, monkeypatch: pytest.MonkeyPatch) -> tuple[NDArray[np.float32], int]:
    """Outputs of the split model, and its number of weights."""
    monkeypatch.setattr(split, "MAX_WEIGHT_BYTES", largest)
    monkeypatch.setattr(split, "MIN_WEIGHT_ELEMENTS", 64)
    parts = split_model(path)
    weights = {weight.name: weight.values for weight in parts.weights}
    return run_session(create_session_with(parts.graph, weights), pictures()), len(weights)


def pictures() -> NDArray[np.float32]:
    return np.random.Generator(np.random.PCG64(3)).normal(size=(3, 3, 4, 8)).astype(np.float32)


def test_what_is_written_into_a_constant_stays_in_the_graph(tmp_path: Path) -> None:
    """Masks of shifted windows, as torch.export makes them."""
    values: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {
        "mask": np.zeros((40, 40), np.float32),
        "rows": np.arange(30, dtype=np.int64)[:, None],
        "numbers": np.ones((30, 40), np.float32),
        "weight": np.ones((40, 40), np.float32),
    }
    nodes = [
        helper.make_node("ScatterND", ["mask", "rows", "numbers"], ["written"]),
        helper.make_node("MatMul", ["input", "weight"], ["product"]),
        helper.make_node("Add", ["product", "written"], ["output"]),
    ]
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [40, 40]) for name in ("input", "output")]
    tensors = [numpy_helper.from_array(value, name) for name, value in values.items()]
    graph = helper.make_graph(nodes, "masked", sides[:1], sides[1:], tensors)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m"
    )
    (weight,) = split_model(tmp_path / "m").weights
    np.testing.assert_array_equal(weight.values, values["weight"])


def test_factors_of_a_batch_normalization_stay_in_the_graph(tmp_path: Path) -> None:
    """Plans fold them exactly; stored as rounded weights, onnxruntime would use other values."""
    rows = ("scale", "offset", "mean", "variance")
    random = np.random.Generator(np.random.PCG64(4))
    constants = {name: random.random(split.MIN_WEIGHT_ELEMENTS, np.float32) for name in rows}
    weight = random.normal(size=(split.MIN_WEIGHT_ELEMENTS, 3, 1, 1)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["input", "weight"], ["wide"]),
        helper.make_node("Relu", ["wide"], ["active"]),
        helper.make_node("BatchNormalization", ["active", *rows], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "normalized",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 4, 4])],
        [
            helper.make_tensor_value_info(
                "output", TensorProto.FLOAT, ["batch", split.MIN_WEIGHT_ELEMENTS, 4, 4]
            )
        ],
        [numpy_helper.from_array(value, name) for name, value in {**constants, "weight": weight}.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)]), tmp_path / "model.onnx")
    parts = split_model(tmp_path / "model.onnx")
    assert [stored.values.shape for stored in parts.weights] == [weight.shape]
    left = {tensor.name for tensor in onnx.load_from_string(parts.graph).graph.initializer if tensor.raw_data}
    assert left == set(rows)


@pytest.mark.parametrize("bias", CASES.values(), ids=CASES)
def test_parts_compute_what_the_whole_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bias: bool
) -> None:
    path = small_model(tmp_path / "model.onnx", bias=bias)
    expected = run_session(create_session(path), pictures())
    one, count = outputs_of(path, 10**6, monkeypatch)
    assert count == 3 if bias else 2
    np.testing.assert_allclose(one, expected, rtol=0, atol=1e-5)
    # 96 inputs, 70 outputs: at most 40 columns fit, of which a multiple of 16 is taken.
    several, count = outputs_of(path, 96 * 40 * 4, monkeypatch)
    assert count == 3 + 1, "32 + 32 + 6 columns, and the second layer"
    np.testing.assert_allclose(several, expected, rtol=0, atol=1e-5)


def test_weights_are_named_plainly_and_small_ones_stay(tmp_path: Path) -> None:
    path = small_model(tmp_path / "model.onnx", bias=True, inputs=240, outputs=40)
    parts = split_model(path)
    assert [weight.name for weight in parts.weights] == ["w0"]
    graph = onnx.load_from_string(parts.graph).graph
    external = {tensor.name: tensor for tensor in graph.initializer if tensor.external_data}
    assert list(external) == ["w0"]
    fields = {entry.key: entry.value for entry in external["w0"].external_data}
    assert fields == {"location": "w0", "offset": "0", "length": str(240 * 40 * 4)}
    assert {"second", "offset"} <= {tensor.name for tensor in graph.initializer}


def test_other_products_are_left_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small_model(tmp_path / "model.onnx", bias=True, trans_b=0)
    expected = run_session(create_session(path), pictures())
    found, count = outputs_of(path, 96 * 40 * 4, monkeypatch)
    assert count == 3
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    path = small_model(tmp_path / "model.onnx", bias=True)
    assert split_model(path).graph == split_model(path).graph
