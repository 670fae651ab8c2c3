"""Convolutions that the planner computes by Winograd's transforms."""

from collections.abc import Iterator

from onnx import helper

from tests.engine.plans.cases.case import Case, floats, node

SHAPES = [
    # in, out, height, width, pads, groups
    (16, 16, 13, 11, [1, 1, 1, 1], 1),
    (13, 21, 12, 12, [1, 1, 1, 1], 1),
    (24, 18, 9, 16, [0, 0, 0, 0], 1),
    (32, 12, 8, 9, [2, 0, 1, 3], 1),
    (26, 28, 14, 10, [1, 1, 1, 1], 2),
    (40, 32, 6, 6, [1, 1, 1, 1], 1),
]


def winograd() -> Iterator[tuple[str, Case]]:
    make = helper.make_node
    for inputs, outputs, height, width, pads, groups in SHAPES:
        constants = {"w": floats(outputs, inputs // groups, 3, 3), "b": floats(outputs, seed=2)}
        conv = node("Conv", "w", "b", output="c", pads=pads, group=groups)
        shape = inputs, height, width
        name = f"{inputs}x{height}x{width} to {outputs} {pads} {groups}"
        yield name, ([node("Conv", "w", "b", pads=pads, group=groups)], shape, constants, 13)
        for kind in ("Relu", "LeakyRelu"):
            after = [conv, make(kind, ["c"], ["output"])]
            yield f"{name} {kind}", (after, shape, constants, 14)
            pooled = [
                conv,
                make(kind, ["c"], ["r"]),
                make("MaxPool", ["r"], ["output"], kernel_shape=[2, 2], strides=[2, 2]),
            ]
            yield f"{name} {kind} pooled", (pooled, shape, constants, 14)
    square = {"w": floats(16, 16, 3, 3)}
    conv = node("Conv", "w", output="c", pads=[1, 1, 1, 1])
    for kind in ("Relu", "Sigmoid"):
        residual = [conv, make("Add", ["input", "c"], ["s"]), make(kind, ["s"], ["output"])]
        yield f"residual {kind}", (residual, (16, 10, 13), square, 13)
