"""Outputs of a layer make up for each other's errors, as far as the network's scores see them."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from torch2web.tasks import Task, activate
from torch2web.variants.encodings import Weight, decode_all
from torch2web.variants.rounding import Calibration, Rounding, output_feedback, second_moments
from torch2web.variants.rounding.flattened_map import MapCompensation
from torch2web.variants.rounding.output_feedback import Feedback, feedback_of
from torch2web.variants.split import SplitModel, external_tensor
from torch2web.verification import create_session_with, run_session

RANDOM = np.random.Generator(np.random.PCG64(5))
HIDDEN, LABELS = 48, 3
AFTER = RANDOM.normal(size=(HIDDEN, LABELS)).astype(np.float32)
VALUES = RANDOM.normal(size=(4, 1, HIDDEN)).astype(np.float32)
AS_IT_IS = partial(activate, Task("regression"))


def network(*after: NodeProto) -> onnx.ModelProto:
    """`out` of "x" [batch, numbers] by `after`, which reads "hidden" and the matrix "after"."""
    nodes = [helper.make_node("Gemm", ["x", "before"], ["hidden"]), *after]
    stored = [
        numpy_helper.from_array(RANDOM.normal(size=(6, HIDDEN)).astype(np.float32), "before"),
        numpy_helper.from_array(AFTER, "after"),
    ]
    x, out = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in (("x", 6), ("out", LABELS))
    )
    graph = helper.make_graph(nodes, "network", [x], [out], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


LINEAR = helper.make_node("Gemm", ["hidden", "after"], ["out"])


def measured(model: onnx.ModelProto, values: NDArray[np.float32] = VALUES) -> Feedback | None:
    return feedback_of(model, {}, {"hidden": list(values)}, [1, 1, 0.5, 0.5], AS_IT_IS)


def test_slopes_of_a_linear_network_are_its_matrix() -> None:
    found, expected = measured(network(LINEAR)), Feedback.by(AFTER.astype(np.float64) @ AFTER.T)
    assert found
    for (outputs, making_up), (same, expected_matrix) in zip(found.blocks, expected.blocks, strict=True):
        assert (outputs == same).all()
        assert np.allclose(making_up, expected_matrix, atol=1e-3)
    assert np.abs(found.blocks[-1][1]).max() > 0.05
    assert sorted(np.concatenate([outputs for outputs, _ in found.blocks])) == list(range(HIDDEN))


def test_constants_and_several_tensors_are_read_too() -> None:
    halves = [
        helper.make_node("Concat", ["one", "two"], ["hidden"], axis=1),
        helper.make_node(
            "Constant", [], ["half"], value=numpy_helper.from_array(np.array([0.5], np.float32))
        ),
        helper.make_node("Mul", ["hidden", "half"], ["smaller"]),
        helper.make_node("Gemm", ["smaller", "after"], ["out"]),
    ]
    model = network(*halves)
    model.graph.node[0].output[0] = "x2"
    parts = {"one": list(VALUES[:, :, :20]), "two": list(VALUES[:, :, 20:])}
    found = feedback_of(model, {}, parts, [1, 1, 0.5, 0.5], AS_IT_IS)
    expected = measured(network(LINEAR))
    assert found
    assert expected
    assert np.allclose(found.blocks[-1][1], expected.blocks[-1][1], atol=1e-3)


@pytest.mark.parametrize(
    "after",
    [
        [helper.make_node("Gemm", ["hidden", "after"], ["y"]), helper.make_node("Add", ["y", "x"], ["out"])],
        [
            helper.make_node(
                "Constant", [], ["one"], value=numpy_helper.from_array(np.array([1, -1], np.int64))
            ),
            helper.make_node("Reshape", ["hidden", "one"], ["y"]),
            helper.make_node("Gemm", ["y", "after"], ["out"]),
        ],
        [helper.make_node("Identity", ["x"], ["out"])],
    ],
    ids=["reads another tensor", "takes one picture", "answers by other tensors"],
)
def test_networks_of_which_nothing_is_measured(after: list[NodeProto]) -> None:
    assert measured(network(*after)) is None


def test_nothing_is_measured_of_maps_and_of_many_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(network(LINEAR), VALUES[..., np.newaxis]) is None
    monkeypatch.setattr(output_feedback, "MAX_OUTPUTS", HIDDEN - 1)
    assert measured(network(LINEAR)) is None


def test_errors_of_outputs_cancel_where_scores_add_them_up() -> None:
    columns = RANDOM.normal(size=(6, 5 * 16))
    weights, steps = RANDOM.uniform(-1, 1, size=(1, HIDDEN, 5 * 16)), np.full((1, HIDDEN, 1), 0.4)
    moments = AFTER.astype(np.float64) @ AFTER.T

    def off(feedback: Feedback | None) -> float:
        integers = MapCompensation(columns, 5, feedback).round(weights, steps, 127)
        return float(np.square((integers * steps - weights)[0].T @ AFTER).mean())

    assert off(Feedback.by(moments)) < off(None) / 4


def of_a_map(weight: Weight) -> onnx.ModelProto:
    """A flattened map, a hidden layer with ReLU, and scores."""
    nodes = [
        helper.make_node("Relu", ["x"], ["map"]),
        helper.make_node("Flatten", ["map"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w0"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "after"], ["out"]),
    ]
    stored = [numpy_helper.from_array(AFTER / 20, "after"), external_tensor(weight)]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8, 16, 16])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", LABELS])
    graph = helper.make_graph(nodes, "of_a_map", [x], [out], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_scores_of_unseen_pictures_are_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = Weight("w0", RANDOM.uniform(-0.05, 0.05, size=(8 * 256, HIDDEN)).astype(np.float32), 1)
    split = SplitModel(of_a_map(weight).SerializeToString(), (weight,))
    pictures = RANDOM.normal(size=(120, 8, 16, 16)).astype(np.float32)
    task = Task("softmax")

    def scores(decoded: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float64]:
        session = create_session_with(split.graph, {"w0": weight.values, **decoded})
        return activate(task, np.concatenate([run_session(session, one[np.newaxis]) for one in pictures]))

    def off() -> float:
        rounding = Rounding(split, Calibration(pictures[:8], [1] * 8), task)
        tensors = rounding.encode(rounding.units[0], 40)
        return float(np.square(scores(decode_all(tensors)) - scores({}))[8:].mean())

    with_feedback = off()
    monkeypatch.setattr(second_moments, "feedback_of", lambda *_: None)
    assert with_feedback < off() / 2
