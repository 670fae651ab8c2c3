"""Cases of each operator alone: odd shapes and all of its attributes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.cases import (
    attention,
    linear,
    resampling,
    scale,
    scaled_attention,
    spelled,
)
from tests.engine.plans.cases.case import Case, Options, floats, node
from tests.engine.plans.cases.joined import joined
from tests.engine.plans.cases.winograd import winograd

PICTURES = [(3, 7, 9), (1, 5, 5), (8, 1, 1), (13, 6, 4), (5, 1, 7)]


KERNELS: list[tuple[int, tuple[int, int], Options]] = [
    (4, (1, 1), {}),
    (9, (3, 3), {"pads": [1, 1, 1, 1]}),
    (16, (1, 1), {"strides": [2, 2]}),
    (5, (3, 3), {"pads": [1, 1, 2, 1], "strides": [2, 1]}),
    (7, (3, 2), {"pads": [2, 2, 2, 2], "dilations": [2, 2]}),
    (1, (5, 5), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    (2, (2, 2), {"auto_pad": "SAME_LOWER"}),
]


DEPTHWISE: list[tuple[int, int, tuple[int, int], Options]] = [
    (6, 1, (3, 3), {"pads": [1, 1, 1, 1]}),
    (13, 1, (5, 5), {"pads": [2, 2, 2, 2], "strides": [2, 2]}),
    (8, 1, (3, 3), {"pads": [2, 2, 2, 2], "dilations": [2, 2]}),
    (4, 2, (3, 3), {}),
    (1, 1, (7, 3), {"pads": [3, 1, 3, 1]}),
    (5, 1, (1, 1), {}),
    (8, 1, (3, 3), {"pads": [0, 1, 2, 1]}),
    (6, 1, (3, 3), {"pads": [2, 0, 0, 1], "strides": [2, 2]}),
    (5, 1, (5, 5), {"pads": [0, 3, 4, 1], "strides": [1, 2]}),
    (4, 2, (3, 3), {"pads": [2, 0, 1, 3], "dilations": [1, 2]}),
]


def convolutions() -> Iterator[tuple[str, Case]]:
    for channels, height, width in PICTURES:
        for outputs, kernel, options in KERNELS:
            w, b = floats(outputs, channels, *kernel), floats(outputs, seed=2)
            case = [node("Conv", "w", "b", **options)], (channels, height, width), {"w": w, "b": b}, 13
            yield f"conv {channels}x{height}x{width} {kernel} {options}", case
    for channels, multiple, kernel, options in DEPTHWISE:
        w = floats(channels * multiple, 1, *kernel)
        case = [node("Conv", "w", group=channels, **options)], (channels, 9, 10), {"w": w}, 13
        yield f"depthwise {channels}·{multiple} {kernel} {options}", case
    yield "grouped", ([node("Conv", "w", group=3)], (6, 5, 7), {"w": floats(9, 2, 3, 3)}, 13)
    yield "grouped 1x1", ([node("Conv", "w", group=2)], (6, 5, 7), {"w": floats(20, 3, 1, 1)}, 13)
    yield "one side", ([node("Conv", "w", pads=[1, 2])], (3, 11), {"w": floats(4, 3, 3)}, 13)
    uneven: Options = {"pads": [2, 0, 1, 3], "strides": [2, 1]}
    for group in (1, 3, 6):
        weights = {"w": floats(6, 6 // group, 3, 2)}
        yield f"uneven {group}", ([node("Conv", "w", group=group, **uneven)], (6, 7, 8), weights, 13)
        dilated: Options = {"strides": [2, 2], "dilations": [2, 1]}
        yield f"dilated {group}", ([node("Conv", "w", group=group, **dilated)], (6, 7, 8), weights, 13)


FUNCTIONS: list[tuple[str, Options]] = [
    ("Relu", {}),
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("HardSigmoid", {}),
    ("HardSigmoid", {"alpha": 1 / 6}),
    ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}),
    ("LeakyRelu", {}),
    ("LeakyRelu", {"alpha": 0.3}),
    ("LeakyRelu", {"alpha": 1.5}),
    ("LeakyRelu", {"alpha": -0.4}),
    ("HardSwish", {}),
    ("Abs", {}),
    ("Elu", {}),
    ("Elu", {"alpha": 0.4}),
    ("Erf", {}),
    ("Exp", {}),
    ("Neg", {}),
    ("Selu", {}),
    ("Softplus", {}),
    ("Softsign", {}),
]

NEWER_FUNCTIONS: list[tuple[str, Options, int]] = [
    ("Celu", {"alpha": 0.7}, 14),
    ("Gelu", {}, 20),
    ("Gelu", {"approximate": "tanh"}, 20),
    ("Mish", {}, 18),
]

OF_POSITIVE = ("Log", "Sqrt", "Reciprocal")


def activations() -> Iterator[tuple[str, Case]]:
    for kind, options in FUNCTIONS:
        for shape in [*PICTURES, (17,)]:
            yield f"{kind} {shape} {options}", ([node(kind, **options)], shape, {}, 14)
    for kind, options, opset in NEWER_FUNCTIONS:
        yield f"{kind} {options}", ([node(kind, **options)], (3, 5, 7), {}, opset)
    for kind in OF_POSITIVE:
        above = [node("Abs", output="p"), helper.make_node(kind, ["p"], ["output"])]
        yield f"{kind} of numbers above 0", (above, (3, 5, 7), {}, 13)
    for exponent in (2.0, 3.0, 1.0, 0.5, -2.0, 5.0):
        constants = {"e": np.array(exponent, np.float32)}
        above = [node("Abs", output="p"), helper.make_node("Pow", ["p", "e"], ["output"])]
        yield f"Pow {exponent:g}", (above, (3, 5, 7), constants, 13)
    slope = {"s": floats(3, 1, 1)}
    yield "PRelu", ([node("PRelu", "s")], (3, 5, 7), slope, 13)
    low, high = np.float32(-0.5), np.float32(0.7)
    yield "clip", ([node("Clip", "a", "b")], (3, 5, 7), {"a": np.array(low), "b": np.array(high)}, 13)
    yield "clip below", ([node("Clip", "a")], (3, 5, 7), {"a": np.array(low)}, 13)
    yield "clip above", ([node("Clip", "", "b")], (3, 5, 7), {"b": np.array(high)}, 13)
    yield "clip by nothing", ([node("Clip")], (3, 5, 7), {}, 13)
    infinite = {"a": np.array(-np.inf, np.float32), "b": np.array(np.inf, np.float32)}
    yield "clip by infinities", ([node("Clip", "a", "b")], (3, 5, 7), infinite, 13)
    crossed = {"a": np.array(high), "b": np.array(low)}
    yield "clip with its bounds crossed", ([node("Clip", "a", "b")], (3, 5, 7), crossed, 13)
    yield "clip by attribute", ([node("Clip", min=-0.2, max=0.4)], (3, 5, 7), {}, 6)
    w = {"w": floats(9, 3, 1, 1), "a": np.array(low), "b": np.array(high)}
    for name, bounds in (("above", ["", "b"]), ("by nothing", []), ("with its bounds crossed", ["b", "a"])):
        after = [node("Conv", "w", output="c"), helper.make_node("Clip", ["c", *bounds], ["output"])]
        yield f"clip {name}, of conv", (after, (3, 5, 7), w, 13)
    gate = [node("Sigmoid", output="s"), node("Mul", "s")]
    yield "silu", (gate, (5, 4, 6), {}, 13)
    gate = [node("HardSigmoid", output="s", alpha=1 / 6), node("Mul", "s")]
    yield "hard swish in two", (gate, (5, 4, 6), {}, 13)


def arithmetic() -> Iterator[tuple[str, Case]]:
    shapes = [(5, 4, 6), (1,), (4, 1), (6,), (1, 5, 1, 1), (1, 1, 4, 6), (1, 5, 4, 1)]
    for kind in ("Add", "Mul", "Sub", "Div"):
        for shape in shapes:
            constants = {"c": floats(*shape) + np.float32(3)}
            yield f"{kind} {shape}", ([node(kind, "c")], (5, 4, 6), constants, 13)
            reverse = helper.make_node(kind, ["c", "r"], ["output"])
            yield f"{kind} of {shape}", ([node("Relu", output="r"), reverse], (5, 4, 6), constants, 13)
    w = {"w": floats(5, 5, 3, 3), "v": floats(5, 5, 1, 1)}
    both = [
        node("Conv", "w", output="a", pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", output="m"),
        helper.make_node("Mul", ["a", "m"], ["s"]),
        helper.make_node("Add", ["s", "input"], ["output"]),
    ]
    yield "of two layouts", (both, (5, 4, 6), w, 13)
    residual = [
        node("Conv", "v", output="a"),
        helper.make_node("Add", ["input", "a"], ["s"]),
        helper.make_node("Relu", ["s"], ["output"]),
    ]
    yield "residual", (residual, (5, 4, 6), w, 13)
    same = [node("Add", "input")]
    yield "with itself", (same, (5, 4, 6), {}, 13)
    for kind in ("Min", "Max", "Sum"):
        yield kind, ([node(kind, "c", "d")], (3, 4), {"c": floats(4), "d": floats(3, 1, seed=3)}, 13)


WINDOWS: list[Options] = [
    {"kernel_shape": [2, 2], "strides": [2, 2]},
    {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]},
    {"kernel_shape": [3, 2], "pads": [1, 0, 0, 1], "strides": [1, 2]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER", "strides": [2, 2]},
    # Ceil mode: the last windows would begin in the padding and are dropped.
    {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1},
    {"kernel_shape": [2, 2], "strides": [3, 3], "ceil_mode": 1},
]


def pools() -> Iterator[tuple[str, Case]]:
    for kind in ("MaxPool", "AveragePool"):
        for shape in [(3, 7, 9), (1, 5, 5), (13, 6, 4)]:
            for options in WINDOWS:
                yield f"{kind} {shape} {options}", ([node(kind, **options)], shape, {}, 13)
                if kind == "AveragePool":
                    counted = {**options, "count_include_pad": 1}
                    yield f"{kind} {shape} {counted}", ([node(kind, **counted)], shape, {}, 13)
    dilated: Options = {"kernel_shape": [2, 3], "dilations": [2, 1]}
    yield "dilated maximum", ([node("MaxPool", **dilated)], (3, 7, 9), {}, 13)
    averaged = [node("AveragePool", **dilated)]
    yield "dilated average", (averaged, (3, 7, 9), {}, 19)
    for include in (0, 1):
        padded = {**dilated, "pads": [1, 2, 0, 1], "strides": [2, 1], "count_include_pad": include}
        yield f"dilated average {padded}", ([node("AveragePool", **padded)], (3, 7, 9), {}, 19)
    yield "one side", ([node("MaxPool", kernel_shape=[3], strides=[2])], (3, 11), {}, 13)
    for shape in PICTURES:
        yield f"global {shape}", ([node("GlobalAveragePool")], shape, {}, 13)
    conv = [node("Conv", "w", output="c", pads=[1, 1, 1, 1]), helper.make_node("Relu", ["c"], ["r"])]
    pooled = helper.make_node("MaxPool", ["r"], ["output"], kernel_shape=[2, 2], strides=[2, 2])
    for shape in [(3, 8, 10), (3, 7, 9), (3, 2, 3)]:
        yield f"after a convolution {shape}", ([*conv, pooled], shape, {"w": floats(10, 3, 3, 3)}, 13)
    # Decreasing functions: the maximum of the activations is not the activation of the maximum.
    falls: list[tuple[str, Options]] = [
        ("LeakyRelu", {"alpha": -0.4}),
        ("HardSigmoid", {"alpha": -0.3, "beta": 0.4}),
    ]
    for kind, falling in falls:
        between = [conv[0], helper.make_node(kind, ["c"], ["r"], **falling), pooled]
        yield f"after a falling {kind}", (between, (3, 8, 10), {"w": floats(10, 3, 3, 3)}, 13)


def normalizations() -> Iterator[tuple[str, Case]]:
    factors = {"s": floats(6), "o": floats(6, seed=4), "m": floats(6, seed=5), "v": floats(6, seed=6) ** 2}
    normalize = helper.make_node("BatchNormalization", ["c", "s", "o", "m", "v"], ["output"], epsilon=1e-3)
    for options in ({"group": 1}, {"group": 6}, {"group": 2}):
        weights = {"w": floats(6, 6 // options["group"], 3, 3), "b": floats(6, seed=7)}
        conv = node("Conv", "w", "b", output="c", **options)
        yield f"after conv {options}", ([conv, normalize], (6, 5, 7), {**weights, **factors}, 13)
    alone = node("BatchNormalization", "s", "o", "m", "v")
    yield "alone", ([alone], (6, 5, 7), factors, 13)
    yield "alone, of a row", ([alone], (6,), factors, 13)
    between = [
        node("Relu", output="c"),
        helper.make_node("BatchNormalization", ["c", "s", "o", "m", "v"], ["n"]),
        helper.make_node("Conv", ["n", "w"], ["output"], pads=[1, 1, 1, 1]),
    ]
    yield "after relu, before conv", (between, (6, 5, 7), {"w": floats(4, 6, 3, 3), **factors}, 13)


def products() -> Iterator[tuple[str, Case]]:
    for inputs, outputs in [(7, 5), (1, 1), (32, 17), (5, 8)]:
        b = {"b": floats(outputs, seed=2)}
        yield (
            f"gemm {inputs} {outputs}",
            ([node("Gemm", "w", "b")], (inputs,), {"w": floats(inputs, outputs), **b}, 13),
        )
        transposed = [node("Gemm", "w", "b", transB=1, alpha=0.5, beta=2.0)]
        yield (
            f"transposed {inputs} {outputs}",
            (transposed, (inputs,), {"w": floats(outputs, inputs), **b}, 13),
        )
    yield "gemm, one bias", ([node("Gemm", "w", "b")], (4,), {"w": floats(4, 6), "b": floats(1)}, 13)
    for beta in (0.0, 2.5):
        for shape in ((), (1,), (1, 1)):
            scaled = [node("Gemm", "w", "b", beta=beta)]
            yield f"gemm, {beta} of {shape}", (scaled, (4,), {"w": floats(4, 6), "b": floats(*shape)}, 13)
    yield "matmul, broadcast twice", ([node("MatMul", "w")], (2, 1, 5, 4), {"w": floats(3, 4, 6)}, 13)
    yield "matmul, broadcast", ([node("MatMul", "w")], (1, 5, 4), {"w": floats(3, 4, 6)}, 13)
    yield "matmul", ([node("MatMul", "w")], (4,), {"w": floats(4, 6)}, 13)
    yield "matmul of rows", ([node("MatMul", "w")], (3, 5, 4), {"w": floats(4, 6)}, 13)
    yield "matmul by batch", ([node("MatMul", "w")], (3, 5, 4), {"w": floats(3, 4, 6)}, 13)
    computed = [node("Relu", output="r"), node("Transpose", output="t", perm=[0, 2, 1])]
    both = helper.make_node("MatMul", ["r", "t"], ["output"])
    yield "matmul of two computed", ([*computed, both], (5, 4), {}, 13)
    flat = [node("Flatten", output="f"), helper.make_node("Gemm", ["f", "w"], ["output"], transB=1)]
    yield "flattened", (flat, (3, 4, 5), {"w": floats(6, 60)}, 13)
    conv = [
        node("Conv", "k", output="c"),
        helper.make_node("Flatten", ["c"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["output"]),
    ]
    yield "flattened picture", (conv, (3, 4, 5), {"k": floats(3, 3, 1, 1), "w": floats(60, 6)}, 13)


def moves() -> Iterator[tuple[str, Case]]:
    yield (
        "pad",
        ([node("Pad", "p", "v")], (3, 4, 5), {"p": np.array([0, 1, 2, 0, 0, 0, 1, 3]), "v": floats()}, 13),
    )
    yield "pad with zeros", ([node("Pad", "p")], (4,), {"p": np.array([0, 2, 0, 1])}, 13)
    yield "cut by pad", ([node("Pad", "p")], (3, 4, 5), {"p": np.array([0, 0, -1, 2, 0, 1, 0, -2])}, 13)
    for mode in ("reflect", "edge", "wrap"):
        for pads in ([0, 0, 1, 2, 0, 0, 3, 4], [0, 0, 3, 0, 0, 0, 0, 4], [0, 1, 0, 0, 0, 2, 0, 0]):
            name = f"pad {mode} {pads}"
            yield name, ([node("Pad", "p", mode=mode)], (3, 4, 5), {"p": np.array(pads)}, 19)
        row = [node("Pad", "p", mode=mode)]
        yield f"pad a row, {mode}", (row, (4,), {"p": np.array([0, 2, 0, 3])}, 19)
        around = [node("Pad", "p", output="q", mode=mode), helper.make_node("Conv", ["q", "w"], ["output"])]
        weights = {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1]), "w": floats(4, 3, 3, 3)}
        yield f"conv with padding of its input, {mode}", (around, (3, 4, 5), weights, 19)
    for axis, sides in ((1, [1, 2, 3]), (-1, [2, 3])):
        names = [f"s{i}" for i in range(len(sides))]
        parts = [
            helper.make_node("Split", ["input", "n"], names, axis=axis),
            helper.make_node("Concat", names[::-1], ["output"], axis=axis),
        ]
        yield f"split {axis}", (parts, (6, 4, 5), {"n": np.array(sides)}, 13)
    padded = [node("Pad", "p", output="q"), helper.make_node("Conv", ["q", "w"], ["output"])]
    weights = {"p": np.array([0, 0, 1, 2, 0, 0, 0, 1]), "w": floats(4, 3, 3, 3)}
    yield "pad before conv", (padded, (3, 4, 5), weights, 13)
    for axis in (1, 2, 3, -1):
        parts = [node("Relu", output="r"), helper.make_node("Concat", ["input", "r"], ["output"], axis=axis)]
        yield f"concat {axis}", (parts, (3, 4, 5), {}, 13)
    convs = [
        node("Conv", "w", output="a"),
        helper.make_node("Concat", ["a", "input", "a"], ["c"], axis=1),
        helper.make_node("Conv", ["c", "v"], ["output"]),
    ]
    yield "concat of layouts", (convs, (3, 4, 5), {"w": floats(2, 3, 1, 1), "v": floats(4, 7, 3, 3)}, 13)
    for order in ([0, 2, 3, 1], [0, 1, 3, 2], [0, 3, 1, 2], [0, 3, 2, 1]):
        yield f"transpose {order}", ([node("Transpose", perm=order)], (3, 4, 5), {}, 13)
        after = [node("Conv", "w", output="c"), helper.make_node("Transpose", ["c"], ["output"], perm=order)]
        yield f"transpose {order} of conv", (after, (3, 4, 5), {"w": floats(2, 3, 1, 1)}, 13)
    shuffle = [
        node("Conv", "w", output="c"),
        helper.make_node("Reshape", ["c", "s"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["t", "u"], ["y"]),
        helper.make_node("Conv", ["y", "w"], ["output"]),
    ]
    shapes = {"s": np.array([0, 2, 3, 4, 5]), "u": np.array([-1, 6, 4, 5]), "w": floats(6, 6, 1, 1)}
    yield "channel shuffle", (shuffle, (6, 4, 5), shapes, 13)
    bounds = {"s": np.array([1, -1]), "e": np.array([3, -9]), "a": np.array([1, 3]), "t": np.array([1, -2])}
    yield "slice", ([node("Slice", "s", "e", "a", "t")], (4, 3, 5), bounds, 13)
    yield "reshape", ([node("Reshape", "s")], (4, 3, 5), {"s": np.array([-1, 5, 12])}, 13)
    shape = [
        node("Shape", output="all"),
        helper.make_node("Gather", ["all", "i"], ["n"], axis=0),
        helper.make_node("Concat", ["n", "rest"], ["to"], axis=0),
        node("Reshape", "to"),
    ]
    yield "reshape by shape", (shape, (4, 3, 5), {"i": np.array([0]), "rest": np.array([-1])}, 13)
    yield "squeeze", ([node("Squeeze", "a")], (4, 1, 5), {"a": np.array([2])}, 13)
    yield "unsqueeze", ([node("Unsqueeze", "a")], (4, 5), {"a": np.array([1, 4])}, 13)
    yield "identity", ([node("Identity")], (4, 5), {}, 13)
    yield "dropout", ([node("Dropout")], (4, 5), {}, 13)


def reductions() -> Iterator[tuple[str, Case]]:
    for axes in ([1], [2], [3], [2, 3], [1, 3], [1, 2, 3]):
        for keep in (0, 1):
            options: dict[str, Any] = {"axes": axes, "keepdims": keep}
            yield f"mean {options}", ([node("ReduceMean", **options)], (3, 4, 5), {}, 13)
            conv = node("Conv", "w", output="c")
            after = helper.make_node("ReduceMean", ["c"], ["output"], **options)
            yield f"mean {options} of conv", ([conv, after], (3, 4, 5), {"w": floats(4, 3, 1, 1)}, 13)
    for axes in ([-1], [-3, -2], [1, -1]):
        counted = [node("ReduceMean", axes=axes, keepdims=0)]
        yield f"mean {axes} from the end", (counted, (3, 4, 5), {}, 13)
    for row in ([2, 3], [-1]):
        given = {"a": np.array(row, np.int64)}
        yield f"mean {row} of 18", ([node("ReduceMean", "a", keepdims=1)], (3, 4, 5), given, 18)
    nothing = [node("ReduceMean", "a", noop_with_empty_axes=1)]
    yield "mean of nothing", (nothing, (3, 4, 5), {"a": np.array([], np.int64)}, 18)
    for opset in (11, 13):
        for axis in (1, 2, 3, -1):
            yield f"softmax {axis} of {opset}", ([node("Softmax", axis=axis)], (3, 4, 5), {}, opset)
            conv = node("Conv", "w", output="c")
            after = helper.make_node("Softmax", ["c"], ["output"], axis=axis)
            yield (
                f"softmax {axis} of {opset}, of conv",
                ([conv, after], (3, 4, 5), {"w": floats(4, 3, 1, 1)}, opset),
            )
    yield "softmax of logits", ([node("Softmax")], (7,), {}, 13)


def blocks() -> Iterator[tuple[str, Case]]:
    for stride, kernel, side, squeeze in [
        (1, 3, 7, 0),
        (2, 3, 9, 0),
        (1, 5, 6, 2),
        (2, 5, 8, 3),
        (1, 3, 1, 2),
    ]:
        yield (
            f"stride {stride} kernel {kernel} side {side} squeeze {squeeze}",
            block(stride, kernel, side, squeeze),
        )


def block(stride: int, kernel: int, side: int, squeeze: int) -> Case:
    """An inverted residual block of MobileNetV2 or EfficientNet, after a convolution."""
    make = helper.make_node
    constants = {"k": floats(6, 3, 1, 1), "e": floats(20, 6, 1, 1, seed=2), "eb": floats(20, seed=3)}
    constants |= {"d": floats(20, 1, kernel, kernel, seed=4), "db": floats(20, seed=5)}
    constants |= {
        "p": floats(6, 20, 1, 1, seed=6),
        "six": np.array(6, np.float32),
        "zero": np.array(0, np.float32),
    }
    nodes = [node("Conv", "k", output="x"), make("Conv", ["x", "e", "eb"], ["e1"])]
    nodes.append(make("Clip", ["e1", "zero", "six"], ["e2"]))
    pads = [kernel // 2] * 4
    nodes.append(make("Conv", ["e2", "d", "db"], ["d1"], group=20, strides=[stride] * 2, pads=pads))
    nodes += [make("Sigmoid", ["d1"], ["sd"]), make("Mul", ["d1", "sd"], ["d2"])]
    last = "d2"
    if squeeze:
        constants |= {"q": floats(squeeze, 20, 1, 1, seed=7), "u": floats(20, squeeze, 1, 1, seed=8)}
        nodes += [make("GlobalAveragePool", ["d2"], ["m"]), make("Conv", ["m", "q"], ["q1"])]
        nodes += [
            make("Relu", ["q1"], ["q2"]),
            make("Conv", ["q2", "u"], ["u1"]),
            make("Sigmoid", ["u1"], ["g"]),
        ]
        nodes.append(make("Mul", ["g", "d2"], ["gated"]))
        last = "gated"
    nodes.append(make("Conv", [last, "p"], ["output" if stride == 2 else "y"]))
    if stride == 1:
        nodes.append(make("Add", ["x", "y"], ["output"]))
    return nodes, (3, side, side + 1), constants, 13


FAMILIES = (
    attention.FAMILIES
    | linear.FAMILIES
    | scale.FAMILIES
    | resampling.FAMILIES
    | scaled_attention.FAMILIES
    | spelled.FAMILIES
    | {"winograd": dict(winograd()), "joined": dict(joined())}
    | {
        make.__name__: dict(make())
        for make in (
            activations,
            arithmetic,
            blocks,
            convolutions,
            moves,
            normalizations,
            pools,
            products,
            reductions,
        )
    }
)
CASES = {f"{family}: {name}": case for family, cases in FAMILIES.items() for name, case in cases.items()}
