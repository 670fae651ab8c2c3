"""Concats of channels whose inputs are computed in place, or are not."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.cases.case import Case, floats, node

CONSTANTS = {
    "p": floats(5, 16, 1, 1),
    "g": floats(7, 16, 3, 3, seed=2),
    "w": floats(16, 16, 3, 3, seed=3),
    "n": floats(8, 4, 3, 3, seed=4),
    "d": floats(16, 1, 3, 3, seed=5),
    "r": floats(16, 16, 1, 1, seed=6),
    "b": floats(16, seed=7),
}
SAME: dict[str, Any] = {"pads": [1, 1, 1, 1]}
POOL: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}


def joined() -> Iterator[tuple[str, Case]]:
    make = helper.make_node

    def join(*names: str, output: str = "output") -> object:
        return make("Concat", list(names), [output], axis=1)

    relu = [make("Relu", [name], [f"{name}r"]) for name in ("cp", "cw")]
    convs = [
        node("Conv", "p", output="cp"),
        node("Conv", "g", output="cg", **SAME),
        node("Conv", "w", "b", output="cw", **SAME),
        node("Conv", "n", output="cn", group=4, **SAME),
    ]
    yield "convolutions", ([*convs, *relu, join("cpr", "cg", "cwr", "cn")], (16, 14, 12), CONSTANTS, 13)
    last = [join("cg", "cpr", "cwr", output="j"), make("Conv", ["j", "l"], ["output"])]
    more = {**CONSTANTS, "l": floats(3, 28, 1, 1)}
    yield "read by a convolution", ([*convs[:3], *relu, *last], (16, 14, 12), more, 13)
    pools = [node("MaxPool", output="m", **POOL), node("AveragePool", output="a", **POOL)]
    yield "pools", ([*pools, convs[0], join("a", "m", "cp")], (16, 5, 6), CONSTANTS, 13)
    halves = [
        make("MaxPool", [f"c{name}"], [f"h{name}"], kernel_shape=[2, 2], strides=[2, 2]) for name in "gw"
    ]
    yield "pooled convolutions", ([*convs[1:3], *halves, join("hg", "hw")], (16, 14, 12), CONSTANTS, 13)
    copied = [
        node("Conv", "d", output="cd", group=16, **SAME),
        node("Conv", "r", output="cr"),
        make("Add", ["cr", "input"], ["s"]),
        convs[0],
        convs[1],
        make("Sigmoid", ["cg"], ["cgr"]),
        make("Relu", ["cgr"], ["again"]),
    ]
    names = ("cd", "s", "input", "cp", "cp", "cgr", "again")
    yield "copied", ([*copied, join(*names)], (16, 6, 4), CONSTANTS, 13)
    inner = [join("cg", "cp", output="j"), join("j", "cw", output="k"), join("cn", "k")]
    yield "nested", ([*convs, *inner], (16, 6, 7), CONSTANTS, 13)
    yield "of one pixel", ([*convs, join("cp", "cg", "cw", "cn")], (16, 1, 1), CONSTANTS, 13)
    parts = {
        "apart": np.array([-1, 4, 5, 6], np.int64),
        "together": np.array([-1, 20, 5, 6], np.int64),
        "a": floats(2, 4, 1, 1),
        "b": floats(3, 4, 3, 3, seed=2),
    }
    several = [
        node("Reshape", "apart", output="images"),
        make("Conv", ["images", "a"], ["ca"]),
        make("Conv", ["images", "b"], ["cb"], **SAME),
        join("ca", "cb", output="j"),
        make("Reshape", ["j", "together"], ["output"]),
    ]
    yield "of several images", (several, (16, 5, 6), parts, 13)
