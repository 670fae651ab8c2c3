"""Constants along one axis: batch normalization that no convolution can take in, an image's normalization."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.cases.case import Case, floats, node

make = helper.make_node


def scales() -> Iterator[tuple[str, Case]]:
    batch_norm = {name: np.abs(floats(6, seed=seed)) + 0.1 for seed, name in enumerate("sbmv")}
    for shape in ((6, 4, 5), (6, 9), (6, 1, 1)):
        alone = [node("BatchNormalization", *"sbmv")]
        yield f"BatchNormalization {shape}", (alone, shape, batch_norm, 13)
        between = [
            node("Relu", output="r"),
            make("BatchNormalization", ["r", *"sbmv"], ["n"]),
            make("Relu", ["n"], ["p"]),
            make("Conv", ["p", "w"], ["output"]),
        ]
        constants = {**batch_norm, "w": floats(5, 6, *[1] * (len(shape) - 1))}
        yield f"BatchNormalization and Relu before Conv {shape}", (between, shape, constants, 13)
    concat = [
        node("Conv", "w", output="c"),
        make("Concat", ["c", "c"], ["j"], axis=1),
        make("BatchNormalization", ["j", *"sbmv"], ["n"]),
        make("HardSwish", ["n"], ["output"]),
    ]
    yield "BatchNormalization of Concat", (concat, (2, 3, 7), {**batch_norm, "w": floats(3, 2, 1, 1)}, 14)
    rgb: dict[str, Any] = {
        "mean": floats(1, 3, 1, 1),
        "std": np.array([0.3, 0.2, 0.1], np.float32).reshape(3, 1, 1),
    }
    image = [node("Sub", "mean", output="c"), make("Div", ["c", "std"], ["n"])]
    yield "an image's", ([*image, make("Relu", ["n"], ["output"])], (3, 5, 7), rgb, 13)
    padded = [*image, make("Conv", ["n", "w"], ["output"], pads=[1, 1, 1, 1])]
    yield "an image's before Conv", (padded, (3, 5, 7), {**rgb, "w": floats(4, 3, 3, 3)}, 13)
    numbers = {name: np.array(value, np.float32) for name, value in {"two": 2, "one": 1}.items()}
    mixed = [
        node("Div", "std", output="a"),
        make("Mul", ["two", "a"], ["b"]),
        make("Sub", ["one", "b"], ["c"]),
        make("Add", ["mean", "c"], ["output"]),
    ]
    yield "by channel and by number", (mixed, (3, 5, 7), {**rgb, **numbers}, 13)
    other = [
        node("Mul", "mean", output="a"),
        make("Add", ["a", "row"], ["b"]),
        make("Mul", ["b", "row"], ["output"]),
    ]
    yield "along one axis and another", (other, (3, 5, 7), {**rgb, "row": floats(7)}, 13)
    convolved = [
        node("Conv", "w", output="c"),
        make("Sub", ["c", "mean"], ["d"]),
        make("Div", ["d", "std"], ["n"]),
    ]
    weights = {**rgb, "w": floats(3, 3, 1, 1)}
    relu = [*convolved, make("Relu", ["n"], ["output"])]
    yield "Sub and Div after Conv", (relu, (3, 5, 7), weights, 13)
    from_one = [
        node("Conv", "w", output="c"),
        make("Sub", ["one", "c"], ["d"]),
        make("Mul", ["d", "std"], ["output"]),
    ]
    yield "Conv subtracted from a number", (from_one, (3, 5, 7), {**weights, **numbers}, 13)
    divided = [node("Conv", "w", output="c"), make("Div", ["c", "some"], ["output"])]
    some = np.array([0.3, 0, 0.1], np.float32).reshape(3, 1, 1)
    yield "Conv divided by 0, too", (divided, (3, 5, 7), {**weights, "some": some}, 13)
    read = [
        node("Sub", "mean", output="a"),
        make("Div", ["a", "std"], ["b"]),
        make("Add", ["a", "b"], ["output"]),
    ]
    yield "read in between", (read, (3, 5, 7), rgb, 13)


FAMILIES = {"scales": dict(scales())}
