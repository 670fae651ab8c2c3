"""Weights as the site stores them, unpacked in ranges, against onnxruntime with the decoded values."""

from ctypes import CDLL
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.engine.native_engine import NativeEngine
from tests.engine.plans.running import Floats, require_close
from torch2web.plan import plan_model
from torch2web.plan.engine_driver import EngineError
from torch2web.plan.lowering import products as lower_products
from torch2web.variants import split
from torch2web.variants.encodings import ENCODINGS, Tensors, applies, decode_all
from torch2web.variants.split import SplitModel, split_model
from torch2web.verification.onnx_session import create_session_with, run_session

SHAPE = (3, 8, 8)


def network(folder: Path, wide: int = 72) -> Path:
    """Write a network: convolutions of each kind, and two linear layers, the first with `wide` outputs."""
    random = np.random.default_rng(5)

    def weight(*shape: int) -> Floats:
        values: Floats = (random.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        return values

    constants = {
        "stem": weight(16, 3, 3, 3),
        "stem bias": weight(16),
        "depthwise": weight(16, 1, 3, 3),
        "grouped": weight(32, 4, 3, 3),
        "square": weight(32, 32, 3, 3),
        "point": weight(24, 32, 1, 1),
        "factor": weight(24),
        "shift": weight(24),
        "zero": np.zeros(24, np.float32),
        "one": np.ones(24, np.float32),
        "up": weight(24, 20, 3, 3),
        "up by group": weight(20, 6, 2, 2),
        "up by channel": weight(24, 1, 3, 3),
        "wide": weight(wide, 24 * 64),
        "wide bias": weight(wide),
        "last": weight(5, wide),
        "offset": weight(1, wide),
    }
    make = helper.make_node
    nodes = [
        make("Conv", ["input", "stem", "stem bias"], ["a"], pads=[1, 1, 1, 1]),
        make("Relu", ["a"], ["b"]),
        make("Conv", ["b", "depthwise"], ["c"], pads=[1, 1, 1, 1], group=16),
        make("Conv", ["c", "grouped"], ["d"], pads=[1, 1, 1, 1], group=4),
        make("Conv", ["d", "square"], ["s"], pads=[1, 1, 1, 1]),
        make("Identity", ["point"], ["shared"]),
        make("Conv", ["s", "shared"], ["e"]),
        make("BatchNormalization", ["e", "factor", "shift", "zero", "one"], ["n"]),
        make("ConvTranspose", ["n", "up"], ["u"], pads=[0, 2, 2, 0]),
        make("ConvTranspose", ["u", "up by group"], ["v"], strides=[2, 2], pads=[4, 4, 4, 4], group=4),
        make("ConvTranspose", ["v", "up by channel"], ["t"], pads=[1, 1, 1, 1], group=24),
        make("Flatten", ["t"], ["f"]),
        make("Gemm", ["f", "wide", "wide bias"], ["g"], name="wide", transB=1),
        make("Relu", ["g"], ["h"]),
        make("Mul", ["h", "offset"], ["i"]),
        make("Gemm", ["i", "last"], ["output"], name="last", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "stored",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *SHAPE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 5])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


def lower_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower limits: tensors of 20 numbers are stored, biases too; the wide matrix in parts of 32 outputs."""
    monkeypatch.setattr(split, "MIN_WEIGHT_ELEMENTS", 20)
    monkeypatch.setattr(split, "MAX_WEIGHT_BYTES", 24 * 64 * 32 * 4)
    monkeypatch.setattr(lower_products, "LARGE", 50_000)
    monkeypatch.setattr(lower_products, "LARGE_WITH_ROWS", 150)
    monkeypatch.setattr(lower_products, "MANY_ROWS", 16)


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SplitModel:
    """The split network; the last part of the wide matrix has 8 outputs."""
    lower_limits(monkeypatch)
    return split_model(network(tmp_path))


def stored_as(parts: SplitModel, encoding: str) -> Tensors:
    tensors: Tensors = {}
    for weight in parts.weights:
        tensors |= ENCODINGS[encoding](weight)
    return tensors


def require_stored(library: CDLL, parts: SplitModel, encoding: str, ranges: int, threads: int) -> None:
    """Require the engine with weights in this encoding to match onnxruntime with the decoded weights."""
    plan = plan_model(onnx.load_from_string(parts.graph))
    assert "MATRIX" in plan.operators
    assert plan.operators.count("WINOGRAD") == 2  # one with a transposed weight
    tensors = stored_as(parts, encoding)
    engine = NativeEngine(library, plan.content)
    engine.load(tensors, threads, ranges)
    x = np.random.default_rng(2).normal(size=(2, *SHAPE)).astype(np.float32)
    expected = run_session(create_session_with(parts.graph, decode_all(tensors)), x)
    found = np.stack([engine.run(one, threads) for one in x])
    require_close(found, expected, encoding)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("ranges", [64, 1000, 10**6])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding(library: CDLL, parts: SplitModel, encoding: str, ranges: int, threads: int) -> None:
    assert applies(encoding, parts.weights)
    require_stored(library, parts, encoding, ranges, threads)


@pytest.mark.parametrize("ranges", [64, 10**6])
@pytest.mark.parametrize("value", [0, 127.9, 128, 60_000, np.inf, np.nan])
def test_every_half_is_kept(library: CDLL, parts: SplitModel, value: float, ranges: int) -> None:
    """A matrix of denormals alone, before and after a number that needs another format."""
    plan = plan_model(onnx.load_from_string(parts.graph))
    tensors = dict(stored_as(parts, "fp16"))
    for name, stored in tensors.items():
        if stored.shape[0] == 24 * 64:
            tensors[name] = (stored.astype(np.float32) * 2.0**-13).astype(np.float16)
            tensors[name][700, 0] = value
        elif stored.shape in ((32,), (8,)):  # its biases
            tensors[name] = np.zeros_like(stored)
    engine = NativeEngine(library, plan.content)
    engine.load(tensors, 1, ranges)
    x = np.random.default_rng(2).normal(size=SHAPE).astype(np.float32)
    expected = run_session(create_session_with(parts.graph, decode_all(tensors)), x[None])
    require_close(engine.run(x)[None], expected, str(value))


@pytest.mark.parametrize("wide", [72, 65], ids=["last part of 8", "last part of 1"])
def test_matrix_in_parts_stays_small(
    library: CDLL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wide: int
) -> None:
    lower_limits(monkeypatch)
    parts = split_model(network(tmp_path, wide))
    plan = plan_model(onnx.load_from_string(parts.graph))
    sizes = {}
    for encoding in ("fp32", "int8"):
        engine = NativeEngine(library, plan.content)
        engine.load(stored_as(parts, encoding))
        sizes[encoding] = engine.memory.nbytes
    saved = 3 * 24 * 64 * wide
    assert sizes["int8"] < sizes["fp32"] - 0.9 * saved


def test_required_tensors_of_the_file(library: CDLL, parts: SplitModel) -> None:
    plan = plan_model(onnx.load_from_string(parts.graph))
    engine = NativeEngine(library, plan.content).library
    for number, weight in enumerate(parts.weights):
        if not engine.engine_weight_length(number):
            continue
        assert engine.engine_store(number, 0, 1, 1) == 0
        assert engine.engine_stored_bytes(number) == weight.values.nbytes
        assert engine.engine_store(number, 2, weight.values.size + 1, 1), "a scale that does not fit"
        assert engine.engine_store(number, 4, 1, 1), "a form that does not exist"
    assert engine.engine_store(99, 0, 1, 1)


def test_incomplete_weights_do_not_run(library: CDLL, parts: SplitModel) -> None:
    plan = plan_model(onnx.load_from_string(parts.graph))
    tensors = stored_as(parts, "int8")
    cut = {**tensors, "w0": tensors["w0"][:-1]}
    with pytest.raises(EngineError) as raised:
        NativeEngine(library, plan.content).load(cut)
    assert raised.value.call in ("engine_ready", "engine_store")


def network_of_rows(folder: Path) -> Path:
    """Write a network of products of 16 rows: with inputs first, with outputs first and with factors."""
    random = np.random.default_rng(6)
    shapes = {
        "inputs first": (12, 16),
        "outputs first": (24, 16),
        "left": (24, 40),
        "right": (24, 8),
        "factors": (16,),
        "last": (48, 12),
    }
    constants = {name: random.normal(size=shape).astype(np.float32) / 4 for name, shape in shapes.items()}
    make = helper.make_node
    nodes = [
        make("Reshape", ["input", "to rows"], ["a"]),
        make("MatMul", ["a", "inputs first"], ["b"]),
        make("Mul", ["b", "factors"], ["c"]),
        make("Tanh", ["c"], ["d"]),
        make("Transpose", ["outputs first"], ["turned"], perm=[1, 0]),
        make("MatMul", ["d", "turned"], ["e"]),
        make("MatMul", ["e", "left"], ["f"]),
        make("MatMul", ["e", "right"], ["g"]),
        make("Concat", ["f", "g"], ["h"], axis=2),
        make("MatMul", ["h", "last"], ["i"]),
        make("Add", ["i", "a"], ["output"]),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "rows",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *SHAPE])],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 16, 12])],
            [
                numpy_helper.from_array(np.array([0, 16, 12]), "to rows"),
                *(numpy_helper.from_array(value, name) for name, value in constants.items()),
            ],
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


def require_stored_rows(library: CDLL, parts: SplitModel, encoding: str, threads: int) -> None:
    """The same of `network_of_rows`, whose matrices all keep their format."""
    plan = plan_model(onnx.load_from_string(parts.graph))
    assert plan.operators.count("MATRIX") == 5
    tensors = stored_as(parts, encoding)
    engine = NativeEngine(library, plan.content)
    engine.load(tensors, threads, 64)
    x = np.random.default_rng(2).normal(size=SHAPE).astype(np.float32)
    expected = run_session(create_session_with(parts.graph, decode_all(tensors)), x[None])
    require_close(engine.run(x, threads).reshape(expected.shape), expected, encoding)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("encoding", ["fp32", "fp16", "int8"])
def test_products_of_rows_keep_stored_matrices(
    library: CDLL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, threads: int
) -> None:
    lower_limits(monkeypatch)
    require_stored_rows(library, split_model(network_of_rows(tmp_path)), encoding, threads)


def test_matrices_of_few_rows_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Converting in each run would take longer than what it saves."""
    lower_limits(monkeypatch)
    monkeypatch.setattr(lower_products, "MANY_ROWS", 17)
    parts = split_model(network_of_rows(tmp_path))
    operators = plan_model(onnx.load_from_string(parts.graph)).operators
    assert "MATRIX" not in operators
    assert operators.count("PRODUCT") == 5


def test_products_of_rows_stay_small(library: CDLL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lower_products, "MANY_ROWS", 4)
    monkeypatch.setattr(lower_products, "LARGE_WITH_ROWS", 2**17)
    random = np.random.default_rng(6)
    constants = {
        "first": random.normal(size=(48, 6000)).astype(np.float32),
        "second": random.normal(size=(50, 6000)).astype(np.float32),
    }
    make = helper.make_node
    nodes = [
        make("Reshape", ["input", "to rows"], ["a"]),
        make("MatMul", ["a", "first"], ["b"]),
        make("Transpose", ["second"], ["turned"], perm=[1, 0]),
        make("MatMul", ["b", "turned"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "rows",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *SHAPE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 4, 50])],
        [
            numpy_helper.from_array(np.array([0, 4, 48]), "to rows"),
            *(numpy_helper.from_array(value, name) for name, value in constants.items()),
        ],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
        tmp_path / "model.onnx",
    )
    parts = split_model(tmp_path / "model.onnx")
    plan = plan_model(onnx.load_from_string(parts.graph))
    sizes = {}
    for encoding in ("fp32", "fp16", "int8"):
        engine = NativeEngine(library, plan.content)
        engine.load(stored_as(parts, encoding))
        sizes[encoding] = engine.memory.nbytes
    values = sum(value.size for value in constants.values())
    buffer = 300_000  # of converted panels
    assert sizes["fp16"] < sizes["fp32"] - 2 * values + buffer
    assert sizes["int8"] < sizes["fp32"] - 3 * values + buffer
