"""Functions and moves as PyTorch code spells them out, and the forms of older opsets."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.cases.case import Case, node

make = helper.make_node

NUMBERS = {
    name: np.array(value, np.float32)
    for name, value in {"three": 3, "zero": 0, "six": 6, "sixth": 1 / 6, "four": 4, "one": 1}.items()
}

SHIFTED = [node("Add", "three", output="t"), make("Clip", ["t", "zero", "six"], ["c"])]
MULTIPLIED = {
    "x · clip / 6": [make("Mul", ["input", "c"], ["m"]), make("Div", ["m", "six"], ["output"])],
    "clip · x / 6": [make("Mul", ["c", "input"], ["m"]), make("Mul", ["sixth", "m"], ["output"])],
    "x · (clip / 6)": [make("Div", ["c", "six"], ["g"]), make("Mul", ["input", "g"], ["output"])],
    "clip · 1/6 · x": [make("Mul", ["c", "sixth"], ["g"]), make("Mul", ["g", "input"], ["output"])],
}
MISH = [
    node("Softplus", output="s"),
    make("Tanh", ["s"], ["t"]),
    make("Mul", ["input", "t"], ["output"]),
]


def spelled_functions() -> Iterator[tuple[str, Case]]:
    shape = (3, 5, 7)
    for name, nodes in MULTIPLIED.items():
        yield f"HardSwish as {name}", ([*SHIFTED, *nodes], shape, NUMBERS, 13)
    yield "HardSigmoid as clip / 6", ([*SHIFTED, make("Div", ["c", "six"], ["output"])], shape, NUMBERS, 13)
    yield (
        "divided by another number",
        ([*SHIFTED, make("Div", ["c", "four"], ["output"])], shape, NUMBERS, 13),
    )
    shifted = [node("Add", "four", output="t"), make("Clip", ["t", "zero", "six"], ["c"])]
    other_summand = [*shifted, make("Div", ["c", "six"], ["output"])]
    yield "HardSigmoid with another summand", (other_summand, shape, NUMBERS, 13)
    read = [*SHIFTED, make("Div", ["c", "six"], ["g"]), make("Add", ["g", "c"], ["output"])]
    yield "with the clip read again", (read, shape, NUMBERS, 13)
    clipped = [node("Add", "three", output="t"), make("Clip", ["t", "one", "six"], ["c"])]
    yield "clipped above 0", ([*clipped, make("Div", ["c", "six"], ["output"])], shape, NUMBERS, 13)
    yield "Mish", (MISH, shape, {}, 13)
    other = [*MISH[:2], node("Abs", output="a"), make("Mul", ["a", "t"], ["output"])]
    yield "almost Mish", (other, shape, {}, 13)
    length = [
        node("Mul", "input", output="q"),
        make("ReduceSum", ["q", "axes"], ["r"]),
        make("Sqrt", ["r"], ["l"]),
        node("Div", "l"),
    ]
    yield "divided by its length", (length, (5, 6), {"axes": np.array([-1])}, 13)


def spelled_moves() -> Iterator[tuple[str, Case]]:
    ends = {
        "zero": np.array([0]),
        "two": np.array([2]),
        "all": np.array([2**63 - 1]),
        "axis": np.array([2]),
    }
    rolled = [
        make("Slice", ["input", "two", "all", "axis"], ["last"]),
        make("Slice", ["input", "zero", "two", "axis"], ["first"]),
        make("Concat", ["last", "first"], ["output"], axis=2),
    ]
    yield "roll", (rolled, (3, 5, 4), ends, 13)
    sizes = [
        node("Shape", output="all"),
        make("Slice", ["all", "zero", "one"], ["n"]),
        make("Concat", ["n", "rest"], ["to"], axis=0),
        make("ConstantOfShape", ["to"], ["ones"], value=helper.make_tensor("v", 1, [1], [1.5])),
        make("Identity", ["ones"], ["same"]),
        make("Slice", ["same", "zero", "one"], ["row"]),
        node("Mul", "row"),
    ]
    constants = {"zero": np.array([0]), "one": np.array([1]), "rest": np.array([3, 4])}
    yield "constant of a shape", (sizes, (3, 4), constants, 13)


def older_forms() -> Iterator[tuple[str, Case]]:
    """Numbers that newer opsets take as inputs are attributes."""
    image = (4, 5, 6)

    def case(kind: str, opset: int, shape: tuple[int, ...] = image, **options: Any) -> Case:
        return [node(kind, **options)], shape, {}, opset

    for opset in (9, 10):
        clipped = case("Clip", opset, min=-0.2, max=0.7)
        yield f"Clip of {opset}", clipped
        yield f"Dropout of {opset}", case("Dropout", opset, ratio=0.3)
        for mode in ("constant", "reflect", "edge"):
            pads = [0, 0, 1, 2, 0, 0, 2, 1]
            yield f"Pad {mode} of {opset}", case("Pad", opset, mode=mode, pads=pads)
    yield "Slice", case("Slice", 9, starts=[1, -3], ends=[3, 100], axes=[1, 3])
    for opset in (9, 11, 12):
        yield f"Squeeze of {opset}", case("Squeeze", opset, (4, 1, 6), axes=[2])
        yield f"Unsqueeze of {opset}", case("Unsqueeze", opset, axes=[1, 3])
        for kind in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceL2"):
            yield f"{kind} of {opset}", case(kind, opset, axes=[2], keepdims=0)
        parts = [
            make("Split", ["input"], ["a", "b"], axis=1, split=[1, 3]),
            make("Concat", ["b", "a"], ["output"], axis=1),
        ]
        yield f"Split of {opset}", (parts, image, {}, opset)
        for axis in (1, 2):
            yield f"Softmax {axis} of {opset}", case("Softmax", opset, axis=axis)
    even = [
        make("Split", ["input"], ["a", "b"], axis=2, num_outputs=2),
        make("Concat", ["b", "a"], ["output"], axis=2),
    ]
    yield "Split in two of 18", (even, (4, 5, 6), {}, 18)


FAMILIES = {made.__name__: dict(made()) for made in (spelled_functions, spelled_moves, older_forms)}
