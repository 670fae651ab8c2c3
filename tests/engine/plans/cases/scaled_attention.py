"""Scaled dot-product attention in the ways that exporters and people write it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.engine.plans.cases.case import Case, floats, node

make = helper.make_node

HEADS, TOKENS, SIZE = 2, 7, 6
WIDTH = HEADS * SIZE


def _rows(nodes: list[Any], constants: dict[str, Any], *, shape: tuple[int, ...] = (TOKENS, WIDTH)) -> Case:
    """Each of q, k and v a product of its own, [tokens, width]."""
    matrices = {f"w{name}": floats(shape[-1], shape[-1], seed=seed) for seed, name in enumerate("qkv")}
    products = [node("MatMul", f"w{name}", output=f"{name}0") for name in "qkv"]
    return [*products, *nodes], shape, {**matrices, **constants}, 13


def _by_head(name: str, order: tuple[int, ...] = (0, 2, 1, 3)) -> list[Any]:
    return [
        make("Reshape", [f"{name}0", "heads"], [f"{name}1"]),
        make("Transpose", [f"{name}1"], [name], perm=order),
    ]


def _joined(name: str = "o") -> list[Any]:
    return [
        make("Transpose", [name], ["joined"], perm=[0, 2, 1, 3]),
        make("Reshape", ["joined", "whole"], ["output"]),
    ]


def _numbers(**values: float) -> dict[str, Any]:
    return {name: np.array(value, np.float32) for name, value in values.items()}


SHAPES = {"heads": np.array([-1, TOKENS, HEADS, SIZE]), "whole": np.array([-1, TOKENS, WIDTH])}
OPERANDS = [*_by_head("q"), *_by_head("k", (0, 2, 3, 1)), *_by_head("v")]


def _scored(*between: Any, weights: str = "s") -> list[Any]:
    """`between` the product s and its softmax, of which `weights` are made."""
    return [
        *OPERANDS,
        make("MatMul", ["q", "k"], ["s"]),
        *between,
        make("Softmax", [weights], ["p"], axis=-1),
        make("MatMul", ["p", "v"], ["o"]),
        *_joined(),
    ]


def scaled_attention() -> Iterator[tuple[str, Case]]:
    yield "not scaled", _rows(_scored(), SHAPES)
    divided = _scored(make("Div", ["s", "root"], ["d"]), weights="d")
    yield "divided", _rows(divided, {**SHAPES, **_numbers(root=SIZE**0.5)})
    both = [
        *OPERANDS,
        make("Mul", ["q", "root"], ["qs"]),
        make("Mul", ["root", "k"], ["ks"]),
        make("MatMul", ["qs", "ks"], ["s"]),
        make("Softmax", ["s"], ["p"], axis=-1),
        make("MatMul", ["p", "v"], ["o"]),
        *_joined(),
    ]
    yield "both operands scaled", _rows(both, {**SHAPES, **_numbers(root=SIZE**-0.25)})
    summands = {
        "of keys": floats(TOKENS, seed=4),
        "of heads": floats(HEADS, TOKENS, TOKENS, seed=5),
        "of rows": floats(1, 1, TOKENS, TOKENS, seed=6),
    }
    for name, values in summands.items():
        added = _scored(make("Add", ["b", "s"], ["a"]), weights="a")
        yield f"with a summand {name}", _rows(added, {**SHAPES, "b": values})
    two = _scored(make("Add", ["s", "b"], ["a"]), make("Add", ["a", "c"], ["ac"]), weights="ac")
    yield "with two summands", _rows(two, {**SHAPES, "b": summands["of heads"], "c": summands["of keys"]})
    late = _scored(make("Add", ["s", "b"], ["a"]), make("Mul", ["a", "f"], ["m"]), weights="m")
    yield "scaled after a summand", _rows(late, {**SHAPES, "b": summands["of keys"], **_numbers(f=0.5)})
    seen = [
        *_scored()[:-2],
        make("ReduceMax", ["p"], ["top"], axes=[-1]),
        make("Add", ["o", "top"], ["t"]),
        *_joined("t"),
    ]
    yield "with weights read again", _rows(seen, SHAPES)
    yield "of joined heads", _rows(*_of_joined_heads())
    yield "by Einsum", _rows(*_by_einsum())
    yield "of windows", _of_windows()
    yield "of an image", _of_image()
    yield "of learned queries", _of_learned_queries()
    yield "over channels", _over_channels()
    one = [
        make("MatMul", ["q0", "kt"], ["s"]),
        make("Softmax", ["s"], ["p"], axis=-1),
        make("MatMul", ["p", "v0"], ["output"]),
    ]
    yield "of one head", _rows([make("Transpose", ["k0"], ["kt"], perm=[0, 2, 1]), *one], {})


def _of_joined_heads() -> tuple[list[Any], dict[str, Any]]:
    """As torch.nn.MultiheadAttention multiplies: [tokens, heads, size], no batch axis of its own."""
    moved = [
        step
        for name in "qkv"
        for step in (
            make("Transpose", [f"{name}0"], [f"{name}m"], perm=[1, 0, 2]),
            make("Reshape", [f"{name}m", "apart"], [f"{name}1"]),
            make("Transpose", [f"{name}1"], [name], perm=[1, 0, 2]),
        )
    ]
    nodes = [
        *moved,
        make("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        make("MatMul", ["q", "kt"], ["s"]),
        make("Mul", ["s", "f"], ["m"]),
        make("Softmax", ["m"], ["p"], axis=-1),
        make("MatMul", ["p", "v"], ["o"]),
        make("Transpose", ["o"], ["ot"], perm=[1, 0, 2]),
        make("Reshape", ["ot", "together"], ["oj"]),
        make("Transpose", ["oj"], ["output"], perm=[1, 0, 2]),
    ]
    apart, together = np.array([TOKENS, -1, SIZE]), np.array([TOKENS, -1, WIDTH])
    return nodes, {"apart": apart, "together": together, **_numbers(f=SIZE**-0.5)}


def _by_einsum() -> tuple[list[Any], dict[str, Any]]:
    nodes = [
        *_by_head("q"),
        *_by_head("k"),
        *_by_head("v"),
        make("Einsum", ["q", "k"], ["s"], equation="bhid,bhjd->bhij"),
        make("Mul", ["s", "f"], ["m"]),
        make("Add", ["m", "b"], ["a"]),
        make("Softmax", ["a"], ["p"], axis=-1),
        make("Einsum", ["p", "v"], ["o"], equation="bhij,bhjd->bhid"),
        *_joined(),
    ]
    return nodes, {**SHAPES, "b": floats(1, HEADS, TOKENS, TOKENS, seed=7), **_numbers(f=0.4)}


def _of_windows() -> Case:
    """Swin's: the bias of a head for all windows, the mask of a window for all heads, one matrix for all."""
    windows, tokens = 3, 4
    nodes = [
        make("Reshape", ["input", "windows"], ["x"]),
        make("MatMul", ["x", "w"], ["qkv"]),
        make("Reshape", ["qkv", "apart"], ["r"]),
        make("Transpose", ["r"], ["t"], perm=[2, 0, 3, 1, 4]),
        make("Split", ["t"], ["q3", "k3", "v3"], axis=0),
        *(make("Squeeze", [f"{name}3", "zero"], [name]) for name in "qkv"),
        make("Mul", ["q", "f"], ["qs"]),
        make("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]),
        make("MatMul", ["qs", "kt"], ["s"]),
        make("Add", ["s", "b"], ["sb"]),
        make("Reshape", ["sb", "by window"], ["w5"]),
        make("Add", ["w5", "mask"], ["m5"]),
        make("Reshape", ["m5", "by head"], ["m4"]),
        make("Softmax", ["m4"], ["p"], axis=-1),
        make("MatMul", ["p", "v"], ["o"]),
        make("Transpose", ["o"], ["ot"], perm=[0, 2, 1, 3]),
        make("Reshape", ["ot", "result"], ["output"]),
    ]
    mask = np.where(floats(windows, tokens, tokens, seed=8) > 0.8, -100, 0).astype(np.float32)
    constants = {
        "w": floats(WIDTH, 3 * WIDTH),
        "b": floats(1, HEADS, tokens, tokens, seed=9),
        "mask": mask[None, :, None],
        "zero": np.array([0]),
        "windows": np.array([-1, tokens, WIDTH]),
        "apart": np.array([-1, tokens, 3, HEADS, SIZE]),
        "by window": np.array([-1, windows, HEADS, tokens, tokens]),
        "by head": np.array([-1, HEADS, tokens, tokens]),
        "result": np.array([-1, windows * tokens, WIDTH]),
        **_numbers(f=SIZE**-0.5),
    }
    return nodes, (windows * tokens, WIDTH), constants, 13


def _of_image() -> Case:
    """A convolution makes q, k and v, whose channels are those of a head and then of its numbers."""
    nodes = [
        node("Conv", "w", output="c"),
        make("Reshape", ["c", "apart"], ["r"]),
        make("Split", ["r"], ["q", "k", "v"], axis=2),
        make("Transpose", ["q"], ["qt"], perm=[0, 1, 3, 2]),
        make("MatMul", ["qt", "k"], ["s"]),
        make("Softmax", ["s"], ["p"], axis=-1),
        make("Transpose", ["v"], ["vt"], perm=[0, 1, 3, 2]),
        make("MatMul", ["p", "vt"], ["o"]),
        make("Transpose", ["o"], ["ot"], perm=[0, 1, 3, 2]),
        make("Reshape", ["ot", "image"], ["output"]),
    ]
    constants = {"apart": np.array([-1, HEADS, 3 * SIZE, 12]), "image": np.array([-1, WIDTH, 3, 4])}
    return nodes, (5, 3, 4), {"w": floats(3 * WIDTH, 5, 1, 1), **constants}, 13


def _of_learned_queries() -> Case:
    """As a pooling: the queries are the same for every image."""
    nodes = [
        *_by_head("k", (0, 2, 3, 1)),
        *_by_head("v"),
        make("MatMul", ["latent", "k"], ["s"]),
        make("Softmax", ["s"], ["p"], axis=-1),
        make("MatMul", ["p", "v"], ["output"]),
    ]
    return _rows(nodes, {"heads": SHAPES["heads"], "latent": floats(1, HEADS, 3, SIZE, seed=3)})


def _over_channels() -> Case:
    """Cross-covariance: the channels of a head attend to one another."""
    nodes = [
        *_by_head("q", (0, 2, 3, 1)),
        *_by_head("k"),
        *_by_head("v", (0, 2, 3, 1)),
        make("MatMul", ["q", "k"], ["s"]),
        make("Softmax", ["s"], ["p"], axis=-1),
        make("MatMul", ["p", "v"], ["o"]),
        make("Transpose", ["o"], ["ot"], perm=[0, 3, 1, 2]),
        make("Reshape", ["ot", "whole"], ["output"]),
    ]
    return _rows(nodes, SHAPES)


FAMILIES = {"scaled_attention": dict(scaled_attention())}
