"""Graphs that cannot be planned are refused, with the operator and the reason."""

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.engine.plans.running import model_of
from torch2web.plan import PlanError, plan_model

make = helper.make_node
W: Any = np.ones((4, 3, 3, 3), np.float32)
BRANCH = helper.make_graph(
    [make("Constant", [], ["one"], value_float=1.0)],
    "branch",
    [],
    [helper.make_tensor_value_info("one", TensorProto.FLOAT, [])],
)

CASES: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "unknown operator": (
        [make("Sin", ["input"], ["output"], name="e")],
        {},
        "Sin e: operator not supported",
    ),
    "reshape over the batch": (
        [make("Reshape", ["input", "s"], ["output"])],
        {"s": np.array([3, -1])},
        "it splits samples",
    ),
    "batch fixed by a shape": (
        [make("Reshape", ["input", "s"], ["output"])],
        {"s": np.array([1, -1])},
        "dimension 0 of the output is not the batch",
    ),
    "mean over the batch": (
        [make("ReduceMean", ["input"], ["output"], axes=[0])],
        {},
        "its axes include the batch",
    ),
    "softmax over the batch": (
        [make("Softmax", ["input"], ["output"], axis=0)],
        {},
        "its axes include the batch",
    ),
    "concat along the batch": (
        [make("Concat", ["input", "input"], ["output"], axis=0)],
        {},
        "it concatenates along the batch axis",
    ),
    "the batch turned around": (
        [make("Slice", ["input", "s", "e", "a", "t"], ["output"])],
        {"s": np.array([-1]), "e": np.array([-1000]), "a": np.array([0]), "t": np.array([-1])},
        "an attribute depends on the size of the batch",
    ),
    "samples multiplied with one another": (
        [
            make("Flatten", ["input"], ["f"]),
            make("Transpose", ["f"], ["t"], perm=[1, 0]),
            make("MatMul", ["f", "t"], ["output"]),
        ],
        {},
        "it multiplies samples with one another",
    ),
    "a sum over samples": (
        [
            make("Flatten", ["input"], ["f"]),
            make("Transpose", ["f"], ["t"], perm=[1, 0]),
            make("MatMul", ["t", "f"], ["output"]),
        ],
        {},
        "it sums over the batch axis",
    ),
    "samples on different axes": (
        [
            make("Reshape", ["input", "s"], ["r"]),
            make("Transpose", ["r"], ["t"], perm=[1, 0, 2]),
            make("Add", ["r", "t"], ["output"]),
        ],
        {"s": np.array([-1, 1, 192])},
        "its inputs have the batch on different axes",
    ),
    "a softmax over windows of all samples": (
        [
            make("Reshape", ["input", "s"], ["r"]),
            make("Softmax", ["r"], ["m"], axis=0),
            make("Reshape", ["m", "u"], ["output"]),
        ],
        {"s": np.array([-1, 16]), "u": np.array([-1, 192])},
        "its axes include the batch",
    ),
    "a batch inside of windows": (
        [
            make("Reshape", ["input", "s"], ["r"]),
            make("Transpose", ["r"], ["t"], perm=[1, 0, 2]),
            make("Reshape", ["t", "u"], ["output"]),
        ],
        {"s": np.array([-1, 12, 16]), "u": np.array([-1, 16])},
        "dimension 0 of the output is not the batch",
    ),
    "numbers of the samples": (
        [
            make("Shape", ["input"], ["all"]),
            make("Gather", ["all", "first"], ["n"]),
            make("Range", ["start", "n", "one"], ["i"]),
            make("Cast", ["i"], ["c"], to=1),
            make("Reshape", ["c", "s"], ["numbers"]),
            make("Add", ["input", "numbers"], ["output"]),
        ],
        {
            "first": np.array(0),
            "start": np.array(0),
            "one": np.array(1),
            "s": np.array([-1, 1, 1, 1]),
        },
        "a constant depends on the batch",
    ),
    "a division by the number of samples": (
        [
            make("Shape", ["input"], ["all"]),
            make("Gather", ["all", "first"], ["n"]),
            make("Cast", ["n"], ["c"], to=1),
            make("Div", ["input", "c"], ["output"]),
        ],
        {"first": np.array(0)},
        "a constant depends on the batch",
    ),
    "a bound of the number of samples": (
        [
            make("Shape", ["input"], ["all"]),
            make("Gather", ["all", "first"], ["n"]),
            make("Cast", ["n"], ["c"], to=1),
            make("Clip", ["input", "", "c"], ["output"]),
        ],
        {"first": np.array(0)},
        "an attribute depends on the size of the batch",
    ),
    "some samples of all": (
        [make("Slice", ["input", "s", "e", "a"], ["output"])],
        {"s": np.array([0]), "e": np.array([1]), "a": np.array([0])},
        "it cuts or pads the batch axis",
    ),
    "weights that are computed": (
        [make("Relu", ["input"], ["r"]), make("Conv", ["input", "r"], ["output"])],
        {},
        "computed weights are not supported",
    ),
    "another mode of pad": (
        [make("Pad", ["input", "p"], ["output"], mode="mirror")],
        {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1])},
        "mode mirror is not supported",
    ),
    "less than no padding, of the input itself": (
        [make("Pad", ["input", "p"], ["output"], mode="edge")],
        {"p": np.array([0, 0, -1, 1, 0, 0, 1, 1])},
        "negative padding is not supported in mode edge",
    ),
    "a random number": (
        [make("RandomNormal", [], ["r"], shape=[1, 3, 8, 8]), make("Add", ["input", "r"], ["output"])],
        {},
        "RandomNormal r: random operators are not supported",
    ),
    "a graph in a node": (
        [
            make("If", ["c"], ["b"], then_branch=BRANCH, else_branch=BRANCH),
            make("Relu", ["input"], ["output"]),
        ],
        {"c": np.array(True)},
        "If b: subgraphs are not supported",
    ),
    "more axes than the engine has": (
        [
            make("Reshape", ["input", "s"], ["r"]),
            make("Transpose", ["r"], ["output"], perm=[0, 7, 6, 5, 4, 3, 2, 1], name="turn"),
        ],
        {"s": np.array([-1, 3, 2, 2, 2, 2, 2, 2])},
        "Transpose turn: found 7 axes that cannot be merged, at most 6",
    ),
    "a constant output": ([make("Identity", ["w"], ["output"])], {"w": W}, "does not depend on the input"),
    "an index that is computed with": (
        [
            make("ArgMax", ["input"], ["i"], axis=1),
            make("Div", ["i", "two"], ["d"]),
            make("Cast", ["d"], ["output"], to=1),
        ],
        {"two": np.array(2)},
        "computation with computed integers is not supported",
    ),
    "the index of a sample": (
        [make("ArgMax", ["input"], ["i"], axis=0), make("Cast", ["i"], ["output"], to=1)],
        {},
        "its axes include the batch",
    ),
    "a resized batch": (
        [make("Resize", ["input", "", "f"], ["output"])],
        {"f": np.array([2, 1, 1, 1], np.float32)},
        "resizing dimension 0 is not supported",
    ),
    "a cut by Resize": (
        [
            make(
                "Resize",
                ["input", "r", "", "s"],
                ["output"],
                coordinate_transformation_mode="tf_crop_and_resize",
            )
        ],
        {"r": np.zeros(8, np.float32), "s": np.array([1, 3, 4, 4])},
        "coordinate_transformation_mode tf_crop_and_resize is not supported",
    ),
    "nearest elements in too many pieces": (
        [make("Resize", ["input", "", "", "s"], ["output"], nearest_mode="floor")],
        {"s": np.array([1, 3, 8, 2000])},
        "runs of indices, at most 1024",
    ),
    "transposed weights that are computed": (
        [make("Relu", ["input"], ["r"]), make("ConvTranspose", ["input", "r"], ["output"])],
        {},
        "computed weights are not supported",
    ),
    "a constant that would fill the plan": (
        [
            make("ConstantOfShape", ["s"], ["c"], value=helper.make_tensor("one", 1, [1], [1.0])),
            make("MatMul", ["input", "c"], ["output"]),
        ],
        {"s": np.array([8, 200_000])},
        "found a computed constant of 1,600,000 values",
    ),
    "maxima with indices": (
        [make("MaxPool", ["input"], ["output", "indices"], kernel_shape=[2, 2])],
        {},
        "the indices output is not supported",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_is_refused(name: str) -> None:
    nodes, constants, expected = CASES[name]
    with pytest.raises(PlanError) as raised:
        plan_model(model_of(nodes, ("batch", 3, 8, 8), constants))
    assert expected in str(raised.value)


def test_message_names_the_operator() -> None:
    nodes = [make("Sin", ["input"], ["output"], name="layer.3/sin")]
    with pytest.raises(PlanError) as raised:
        plan_model(model_of(nodes, ("batch", 3), {}))
    assert (raised.value.operator, raised.value.label) == ("Sin", "layer.3/sin")


def test_foreign_domain_is_refused() -> None:
    model = model_of([make("Relu", ["input"], ["output"], name="g")], ("batch", 3), {})
    model.graph.node[0].domain = "com.microsoft"
    with pytest.raises(PlanError, match=r"Relu g: domain com\.microsoft is not supported"):
        plan_model(model)
