"""Cases of operators of transformers and newer convolutional networks."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.cases.case import Case, floats, node

make = helper.make_node


def layer_normalizations() -> Iterator[tuple[str, Case]]:
    for shape, axis in (((5, 8), -1), ((5, 7), -1), ((3, 4, 5), -1), ((3, 4, 5), 2), ((3,), -1)):
        size = shape[-1] if axis == -1 else int(np.prod(shape[axis - 1 :]))
        row = shape[axis - 1 :] if axis > 0 else shape[-1:]
        for inputs in (["s"], ["s", "o"]):
            factors = {"s": floats(size).reshape(row), "o": floats(size, seed=3).reshape(row)}
            constants = {name: factors[name] for name in inputs}
            nodes = [node("LayerNormalization", *inputs, axis=axis, epsilon=1e-3)]
            yield f"{shape} from axis {axis}, {inputs}", (nodes, shape, constants, 17)
    image = [
        node("Conv", "w", output="c"),
        make("Transpose", ["c"], ["t"], perm=[0, 2, 3, 1]),
        make("LayerNormalization", ["t", "s", "o"], ["n"]),
        make("Transpose", ["n"], ["output"], perm=[0, 3, 1, 2]),
    ]
    constants = {"w": floats(9, 3, 1, 1), "s": floats(9), "o": floats(9, seed=2)}
    yield "of channels last", (image, (3, 4, 5), constants, 17)
    decomposed = [
        node("ReduceMean", output="m", axes=[-1], keepdims=1),
        make("Sub", ["input", "m"], ["d"]),
        make("Pow", ["d", "two"], ["q"]),
        make("ReduceMean", ["q"], ["v"], axes=[-1], keepdims=1),
        make("Add", ["v", "e"], ["ve"]),
        make("Sqrt", ["ve"], ["sd"]),
        make("Div", ["d", "sd"], ["n"]),
        make("Mul", ["n", "s"], ["ns"]),
        make("Add", ["ns", "o"], ["output"]),
    ]
    constants = {"two": np.array(2, np.float32), "e": np.array(1e-5, np.float32)}
    constants |= {"s": floats(6), "o": floats(6, seed=2)}
    yield "in nine operators", (decomposed, (5, 6), constants, 13)
    factors = {"s": floats(6), "o": floats(6, seed=2)}
    for shape in ((6, 4, 5), (6, 1, 3), (6, 9)):
        yield f"of instances {shape}", ([node("InstanceNormalization", "s", "o")], shape, factors, 13)
        convolved = [
            node("Conv", "w", output="c"),
            make("InstanceNormalization", ["c", "s", "o"], ["output"]),
        ]
        weights = {"w": floats(6, 6, *[1] * (len(shape) - 1))}
        yield f"of instances {shape} of conv", (convolved, shape, {**factors, **weights}, 13)
    grouped = [
        make("Reshape", ["input", "g"], ["r"]),
        make("InstanceNormalization", ["r", "one", "zero"], ["n"]),
        make("Shape", ["input"], ["shape"]),
        make("Reshape", ["n", "shape"], ["y"]),
        make("Mul", ["y", "s"], ["ys"]),
        make("Add", ["ys", "o"], ["output"]),
    ]
    constants = {"g": np.array([0, 3, -1]), "one": np.ones(3, np.float32), "zero": np.zeros(3, np.float32)}
    constants |= {"s": floats(6, 1, 1), "o": floats(6, 1, 1, seed=2)}
    yield "of groups", (grouped, (6, 4, 5), constants, 13)


def other_reductions() -> Iterator[tuple[str, Case]]:
    kinds = ("ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp")
    for kind in kinds:
        for axes in ([1], [2, 3], [-1], [1, 3]):
            for keep in (0, 1):
                nodes = [node(kind, axes=axes, keepdims=keep)]
                yield f"{kind} {axes} {keep}", (nodes, (3, 4, 5), {}, 13)
    for axes in ([1], [-1]):
        summed = [node("ReduceSum", "a", keepdims=0)]
        yield f"ReduceSum {axes}", (summed, (3, 4, 5), {"a": np.array(axes)}, 13)
    yield "GlobalMaxPool", ([node("GlobalMaxPool")], (3, 4, 5), {}, 13)
    for axis in (1, 2, -1):
        yield f"LogSoftmax {axis}", ([node("LogSoftmax", axis=axis)], (6, 4, 5), {}, 13)
        yield f"LpNormalization {axis}", ([node("LpNormalization", axis=axis)], (6, 4, 5), {}, 13)
    yield "LogSoftmax of a row", ([node("LogSoftmax")], (11,), {}, 13)


def rearrangements() -> Iterator[tuple[str, Case]]:
    picks: list[tuple[int, Any]] = [
        (1, 0),
        (1, -1),
        (2, [3, 0, 1]),
        (3, [[0, 1], [4, 4]]),
        (2, [0, 2]),
        (3, [4, 3, 2, 1, 0]),
    ]
    for axis, indices in picks:
        given = {"i": np.array(indices)}
        yield f"Gather {indices} of axis {axis}", ([node("Gather", "i", axis=axis)], (3, 4, 5), given, 13)
    table = {"t": floats(9, 2), "i": np.array([[0, 8, 3], [2, 2, 1]])}
    rows = [make("Gather", ["t", "i"], ["g"]), node("Add", "g")]
    yield "Gather of a constant", (rows, (2, 3, 2), table, 13)
    to = {"s": np.array([1, 3, 4, 5])}
    yield "Expand", ([node("Expand", "s")], (3, 1, 5), to, 13)
    yield (
        "Expand of conv",
        (
            [node("Conv", "w", output="c"), make("Expand", ["c", "s"], ["output"])],
            (2, 1, 1),
            {"w": floats(3, 2, 1, 1), **to},
            13,
        ),
    )
    yield "Tile", ([node("Tile", "r")], (3, 2, 2), {"r": np.array([1, 2, 1, 3])}, 13)
    for mode in ("DCR", "CRD"):
        yield f"DepthToSpace {mode}", ([node("DepthToSpace", blocksize=2, mode=mode)], (12, 2, 3), {}, 13)
    yield "SpaceToDepth", ([node("SpaceToDepth", blocksize=2)], (3, 4, 6), {}, 13)
    chosen = np.random.default_rng(1).random((3, 4)) < 0.5
    for name, condition in (("some", chosen), ("all", chosen | True)):
        constants = {"c": condition, "v": floats(4)}
        yield f"Where, {name}", ([make("Where", ["c", "input", "v"], ["output"])], (3, 4), constants, 13)
    yield "Cast", ([node("Cast", to=1)], (3, 4), {}, 13)
    yield "Mean", ([node("Mean", "c", "input")], (3, 4), {"c": floats(4)}, 13)


def attention() -> Iterator[tuple[str, Case]]:
    for heads, tokens, size in ((1, 5, 4), (3, 7, 6), (2, 17, 8)):
        yield f"{heads} heads of {size}, {tokens} tokens", _attention(heads, tokens, size)
    equations = ("bij,jk->bik", "bij,kj->bik", "bij,ik->bjk")
    for equation in equations:
        shape = {"jk": (5, 6), "kj": (6, 5), "ik": (4, 6)}[equation[4:6]]
        nodes = [node("Einsum", "w", equation=equation)]
        yield f"Einsum {equation}", (nodes, (4, 5), {"w": floats(*shape)}, 13)
    both = [node("Relu", output="r"), make("Einsum", ["r", "input"], ["output"], equation="bhij,bhkj->bhik")]
    yield "Einsum of two computed", (both, (2, 4, 5), {}, 13)
    shared = [node("MatMul", "w", output="a"), make("MatMul", ["a", "w"], ["output"])]
    yield "products with one matrix by head", (shared, (3, 5, 4), {"w": floats(1, 3, 4, 4)}, 13)
    wide = [node("MatMul", "w")]
    yield (
        "products broadcast along the first of two axes",
        (wide, (1, 3, 5, 4), {"w": floats(2, 1, 4, 6)}, 13),
    )
    for name, gelu in (("erf", _gelu_erf()), ("tanh", _gelu_tanh()), ("erf, halved first", _gelu_half())):
        yield f"gelu by {name}", (gelu[0], (5, 7), gelu[1], 13)


def _attention(heads: int, tokens: int, size: int) -> Case:
    """As `torch.nn.MultiheadAttention` is exported: one product for queries, keys and values."""
    width = heads * size
    nodes = [
        node("MatMul", "w", output="p"),
        make("Add", ["p", "b"], ["qkv"]),
        make("Reshape", ["qkv", "s"], ["r"]),
        make("Transpose", ["r"], ["t"], perm=[2, 0, 3, 1, 4]),
        make("Gather", ["t", "i0"], ["q"], axis=0),
        make("Gather", ["t", "i1"], ["k"], axis=0),
        make("Gather", ["t", "i2"], ["v"], axis=0),
        make("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]),
        make("Mul", ["q", "f"], ["qs"]),
        make("MatMul", ["qs", "kt"], ["a"]),
        make("Add", ["a", "bias"], ["ab"]),
        make("Softmax", ["ab"], ["am"], axis=-1),
        make("MatMul", ["am", "v"], ["o"]),
        make("Transpose", ["o"], ["ot"], perm=[0, 2, 1, 3]),
        make("Reshape", ["ot", "u"], ["output"]),
    ]
    constants = {
        "w": floats(width, 3 * width),
        "b": floats(3 * width, seed=2),
        "s": np.array([-1, tokens, 3, heads, size]),
        "f": np.array(size**-0.5, np.float32),
        "bias": floats(1, heads, tokens, tokens, seed=3),
        "u": np.array([-1, tokens, width]),
        **{f"i{number}": np.array(number) for number in range(3)},
    }
    return nodes, (tokens, width), constants, 13


def _gelu_erf() -> tuple[list[Any], dict[str, Any]]:
    nodes = [
        node("Div", "root", output="d"),
        make("Erf", ["d"], ["e"]),
        make("Add", ["e", "one"], ["a"]),
        make("Mul", ["input", "a"], ["m"]),
        make("Mul", ["m", "half"], ["output"]),
    ]
    return nodes, _numbers(root=2**0.5, one=1, half=0.5)


def _gelu_half() -> tuple[list[Any], dict[str, Any]]:
    nodes = [
        node("Mul", "half", output="h"),
        node("Mul", "root", output="d"),
        make("Erf", ["d"], ["e"]),
        make("Add", ["one", "e"], ["a"]),
        make("Mul", ["a", "h"], ["output"]),
    ]
    return nodes, _numbers(root=0.5**0.5, one=1, half=0.5)


def _gelu_tanh() -> tuple[list[Any], dict[str, Any]]:
    nodes = [
        node("Pow", "three", output="c"),
        make("Mul", ["c", "k"], ["ck"]),
        node("Add", "ck", output="s"),
        make("Mul", ["s", "root"], ["d"]),
        make("Tanh", ["d"], ["t"]),
        make("Add", ["t", "one"], ["a"]),
        node("Mul", "half", output="h"),
        make("Mul", ["h", "a"], ["output"]),
    ]
    return nodes, _numbers(three=3, k=0.044715, root=(2 / np.pi) ** 0.5, one=1, half=0.5)


def _numbers(**values: float) -> dict[str, Any]:
    return {name: np.array(value, np.float32) for name, value in values.items()}


FAMILIES = {
    made.__name__: dict(made())
    for made in (attention, layer_normalizations, other_reductions, rearrangements)
}
