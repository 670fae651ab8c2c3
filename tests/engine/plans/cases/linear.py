"""Linear layers of tokens and what follows: bias, scale, activation, residual, a move to channels first."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.cases.case import Case, floats, node

make = helper.make_node


def linear() -> Iterator[tuple[str, Case]]:
    def layer(*after: Any, **constants: Any) -> Case:
        return [node("MatMul", "w", output="p"), *after], (5, 6), {"w": floats(6, 6), **constants}, 13

    bias, factors = floats(6, seed=2), floats(6, seed=3)
    add = make("Add", ["b", "p"], ["pb"])
    yield "with a bias", layer(make("Add", ["p", "b"], ["output"]), b=bias)
    yield "with a bias and Relu", layer(add, make("Relu", ["pb"], ["output"]), b=bias)
    yield (
        "scaled, then with a bias",
        layer(make("Mul", ["p", "f"], ["m"]), make("Add", ["m", "b"], ["output"]), b=bias, f=factors),
    )
    yield "with a bias, then scaled", layer(add, make("Mul", ["pb", "f"], ["output"]), b=bias, f=factors)
    yield "with two biases", layer(add, make("Add", ["pb", "f"], ["output"]), b=bias, f=factors)
    yield "halved", layer(make("Mul", ["h", "p"], ["output"]), h=np.array(0.5, np.float32))
    yield "with a residual", layer(add, node("Add", "pb"), b=bias)
    yield (
        "with a residual and Relu",
        layer(add, node("Add", "pb", output="r"), make("Relu", ["r"], ["output"]), b=bias),
    )
    yield (
        "with a residual, then a bias",
        layer(node("Add", "p", output="r"), make("Add", ["r", "b"], ["output"]), b=bias),
    )
    yield (
        "with a constant for each token",
        layer(add, make("Add", ["pb", "t"], ["output"]), b=bias, t=floats(5, 6)),
    )
    later = [add, node("Abs", output="a"), make("Add", ["pb", "a"], ["output"])]
    yield "with a residual that is computed later", layer(*later, b=bias)
    yield "twice itself", layer(add, make("Add", ["pb", "pb"], ["output"]), b=bias)
    read = [add, make("Sigmoid", ["pb"], ["s"]), make("Mul", ["pb", "s"], ["output"])]
    yield "with SiLU", layer(*read, b=bias)
    rows = [make("Reshape", ["p", "flat"], ["r"]), make("Add", ["r", "t"], ["output"])]
    yield "with a summand after another view", layer(*rows, flat=np.array([-1, 30]), t=floats(30))
    by_token = [add, make("Mul", ["pb", "t"], ["output"])]
    yield "with a factor for each token", layer(*by_token, b=bias, t=floats(5, 1))
    yield "of channels last", _channels_last()
    yield (
        "of a row",
        (
            [node("MatMul", "w", output="p"), make("Add", ["p", "b"], ["output"])],
            (6,),
            {"w": floats(6, 4), "b": floats(4)},
            13,
        ),
    )


def _channels_last() -> Case:
    """A block of ConvNeXt: its scale and residual are added in channels first."""
    nodes = [
        node("Conv", "c", output="x"),
        make("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
        make("MatMul", ["t", "w"], ["p"]),
        make("Add", ["p", "b"], ["pb"]),
        make("Transpose", ["pb"], ["f"], perm=[0, 3, 1, 2]),
        make("Mul", ["f", "scale"], ["s"]),
        make("Add", ["s", "x"], ["y"]),
        make("Relu", ["y"], ["output"]),
    ]
    constants = {"c": floats(8, 3, 1, 1), "w": floats(8, 8), "b": floats(8), "scale": floats(8, 1, 1, seed=2)}
    return nodes, (3, 4, 5), constants, 13


FAMILIES = {"linear": dict(linear())}
