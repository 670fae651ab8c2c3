"""Error-compensated rounding: sums with inputs are nearer than those of the nearest integers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tests.materials import MATERIALS, images
from torch2web.tasks import Task
from torch2web.variants.encodings import Weight, as_int8
from torch2web.variants.rounding import Calibration, Rounding, encode_compensated, round_compensated
from torch2web.variants.rounding.layers import find_layers
from torch2web.variants.rounding.second_moments import blocks
from torch2web.variants.split import SplitModel, external_tensor
from torch2web.verification import (
    EXTREMES,
    calibration_images,
    create_session_with,
    neutral_images,
    reference_images,
    run_session,
    search_images,
)

RANDOM = np.random.Generator(np.random.PCG64(8))

MOMENTS = "torch2web.variants.rounding.second_moments"

SCORES = Task("regression")
Attributes = Mapping[str, Any]


def split_of(
    op: str, x: tuple[int, ...], w: tuple[int, ...], y: tuple[int, ...], attributes: Attributes, axis: int = 0
) -> SplitModel:
    """A model of one node, with a weight of shape `w`."""
    shapes = {"x": x, "w0": w, "y": y}
    values = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()
    }
    node = helper.make_node(op, ["x", "w0"], ["y"], **attributes)
    graph = helper.make_graph([node], "one", [values["x"]], [values["y"]])
    weight = Weight("w0", RANDOM.normal(size=w).astype(np.float32), axis)
    graph.initializer.append(external_tensor(weight))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return SplitModel(model.SerializeToString(), (weight,))


CASES = [
    ("Conv", (1, 3, 9, 8), (6, 3, 3, 3), (1, 6, 9, 8), {"pads": [1, 1, 1, 1]}),
    ("Conv", (1, 4, 9, 8), (6, 2, 3, 2), (1, 6, 4, 4), {"group": 2, "strides": [2, 2], "pads": [0, 1, 1, 0]}),
    ("Conv", (1, 5, 9, 9), (5, 1, 3, 3), (1, 5, 5, 5), {"group": 5, "dilations": [2, 2]}),
    ("Conv", (1, 4, 11), (6, 4, 3), (1, 6, 9), {}),
    ("Gemm", (7, 12), (5, 12), (7, 5), {"transB": 1}),
    ("Gemm", (7, 12), (12, 5), (7, 5), {}),
    ("MatMul", (1, 3, 7, 12), (12, 5), (1, 3, 7, 5), {}),
]


@pytest.mark.parametrize(("op", "x", "w", "y", "attributes"), CASES)
def test_layers_multiply_the_columns_that_onnxruntime_does(
    op: str, x: tuple[int, ...], w: tuple[int, ...], y: tuple[int, ...], attributes: Attributes
) -> None:
    split = split_of(op, x, w, y, attributes)
    (weight,) = split.weights
    (layer,) = find_layers(onnx.load_from_string(split.graph), split.weights)
    tensor = RANDOM.normal(size=x).astype(np.float32)
    session = create_session_with(split.graph, {"w0": weight.values})
    expected = run_session(session, tensor)
    columns = layer.columns(tensor, 10_000, shift=0)
    found = layer.matrices(weight.values) @ columns.transpose(0, 2, 1)  # [groups, outputs, columns]
    channels_first = expected if op == "Conv" else np.moveaxis(expected, -1, 0)
    flat = channels_first.reshape(layer.groups, found.shape[1], -1)
    assert np.allclose(found, flat, atol=1e-4)
    assert np.array_equal(layer.restored(layer.matrices(weight.values)), weight.values)


@pytest.mark.parametrize(
    ("op", "w", "attributes"),
    [
        ("Conv", (6, 3, 3, 3), {"auto_pad": "SAME_UPPER"}),
        ("ConvTranspose", (3, 6, 3, 3), {}),
        ("Gemm", (12, 5), {"transA": 1}),
        ("MatMul", (2, 12, 5), {}),
        ("Add", (12, 5), {}),
    ],
)
def test_others_are_rounded_to_the_nearest(op: str, w: tuple[int, ...], attributes: Attributes) -> None:
    split = split_of(op, (1, 3, 9, 9), w, (1,), attributes)
    assert find_layers(onnx.load_from_string(split.graph), split.weights) == []
    tensors = encode_compensated(
        Rounding(split, Calibration(np.zeros((1, 3, 9, 9), np.float32), [1]), SCORES)
    )
    nearest = as_int8(split.weights[0])
    assert tensors.keys() == nearest.keys()
    assert all(np.array_equal(tensors[name], nearest[name]) for name in nearest)


def correlated(columns: int, inputs: int) -> NDArray[np.float64]:
    """Inputs that depend on a few factors, as those of networks do."""
    factors = RANDOM.normal(size=(columns, 6))
    return factors @ RANDOM.normal(size=(6, inputs)) + 0.1 * RANDOM.normal(size=(columns, inputs))


@pytest.mark.parametrize("largest", [7, 127])
def test_sums_are_nearer(largest: int) -> None:
    """On inputs that calibration did not see, of several groups, one of which is always zero."""
    inputs = 140
    weights = RANDOM.normal(size=(3, 8, inputs))
    mixing = correlated(1200, inputs)
    seen = np.stack([mixing[:400], mixing[400:800], np.zeros((400, inputs))])
    steps = np.abs(weights).max(axis=2, keepdims=True) / largest
    moments = seen.transpose(0, 2, 1) @ seen
    integers = round_compensated(weights, steps, moments, largest)
    assert integers.dtype == np.int8
    assert np.abs(integers).max() == largest
    nearest = np.rint(weights / steps)
    unseen = mixing[800:].T
    errors = [np.square((rounded * steps - weights)[:2] @ unseen).mean() for rounded in (integers, nearest)]
    assert errors[0] < errors[1] / 8
    assert np.array_equal(integers[2], nearest[2])


def test_errors_reach_all_inputs_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also across the steps in which they are spread: one step for all inputs gives the same integers."""
    inputs = 140
    weights = RANDOM.normal(size=(1, 8, inputs))
    seen = correlated(400, inputs)[np.newaxis]
    arguments = (weights, np.full((1, 8, 1), 0.1), seen.transpose(0, 2, 1) @ seen, 127)
    found = round_compensated(*arguments)
    monkeypatch.setattr("torch2web.variants.rounding.compensated._LAZY", inputs)
    assert np.array_equal(found, round_compensated(*arguments))


def test_blocks_of_large_layers_are_rounded_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert blocks(1536) == [slice(0, 1536)]
    assert [(block.start, block.stop) for block in blocks(1600)][-2:] == [(1024, 1536), (1536, 1600)]
    assert len(blocks(100_352)) == 1568
    monkeypatch.setattr(f"{MOMENTS}.MAX_INPUTS", 30)
    monkeypatch.setattr(f"{MOMENTS}.BLOCK_INPUTS", 15)
    split = split_of("Gemm", (1, 40), (32, 40), (1, 32), {"transB": 1})
    pictures = correlated(50, 40).astype(np.float32)
    tensors = encode_compensated(Rounding(split, Calibration(pictures, [1] * len(pictures)), SCORES))
    matrix = split.weights[0].values[np.newaxis]
    steps = tensors["w0.scale"].astype(np.float64)[np.newaxis]
    for block in (slice(0, 15), slice(15, 30), slice(30, 40)):
        part = pictures[:, block].astype(np.float64)
        expected = round_compensated(matrix[:, :, block], steps, (part.T @ part)[np.newaxis], 127)
        assert np.array_equal(tensors["w0"][:, block], expected[0])


def test_a_picture_of_less_weight_counts_less() -> None:
    split = split_of("Gemm", (1, 30), (8, 30), (1, 8), {"transB": 1})
    some, others = (correlated(40, 30).astype(np.float32) for _ in range(2))
    pictures = np.concatenate([some, others])

    def rounded(calibration: Calibration) -> NDArray[np.generic]:
        return encode_compensated(Rounding(split, calibration, SCORES))["w0"]

    halves = rounded(Calibration(pictures, [1.0] * 40 + [0.5] * 40))
    seen = np.concatenate([some, 0.5 * others]).astype(np.float64)
    moments = seen.T @ seen
    steps = as_int8(split.weights[0])["w0.scale"].astype(np.float64)[np.newaxis]
    expected = round_compensated(split.weights[0].values[np.newaxis], steps, moments[np.newaxis], 127)
    assert np.array_equal(halves, expected[0])
    assert not np.array_equal(halves, rounded(Calibration(pictures, [1.0] * 80)))


def test_pictures_of_calibration_search_and_judgement_are_different_ones() -> None:
    for calibration, search, judged, sizes in (
        (MATERIALS.calibration_images(), MATERIALS.search_images(), images(), [30, 50]),
        ((), (), reference_images(neutral_images()), [30, 30]),
    ):
        sets = (calibration_images(calibration), search_images(search), judged)
        assert [len(pictures) for pictures in sets[:2]] == sizes
        assert sets[0][-EXTREMES].name == "calibration-dark", "the extremes are the last"
        found = [image.image.tobytes() for pictures in sets for image in pictures]
        assert len(set(found)) == len(found)
