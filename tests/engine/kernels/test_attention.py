"""Attention against float64, between other numbers: strides, biases, tiles and blocks of keys."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.kernels.calls import Floats, Kernels
from tests.engine.kernels.cases import blank, close, random


@dataclass(frozen=True)
class Shape:
    outer: int = 1
    heads: int = 1
    rows: int = 1
    keys: int = 1
    depth: int = 1
    width: int = 1


SHAPES = {
    "one token": Shape(),
    "one row of many keys": Shape(heads=2, keys=300, depth=5, width=3),
    "tokens of a small image": Shape(heads=3, rows=17, keys=17, depth=8, width=8),
    "head size no multiple of four": Shape(heads=2, rows=13, keys=9, depth=7, width=11),
    "wide heads": Shape(rows=7, keys=10, depth=96, width=96),
    "windows": Shape(outer=4, heads=3, rows=49, keys=49, depth=32, width=32),
    "a whole block of keys": Shape(rows=6, keys=256, depth=4, width=8),
    "one key more than a block": Shape(rows=5, keys=257, depth=4, width=9),
    "three blocks of keys": Shape(heads=2, rows=12, keys=515, depth=3, width=5),
}
BIASES = {"none": "", "by head": "b", "by window": "m", "both": "bm"}


def expected_of(q: Any, k: Any, v: Any, scale: float, *added: Any) -> NDArray[np.float64]:
    """Of [outer, heads, rows or keys, ...]."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        scores = scale * (q.astype(np.float64) @ k.astype(np.float64).swapaxes(-1, -2))
        for one in added:
            scores = scores + one
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        result: NDArray[np.float64] = weights / weights.sum(-1, keepdims=True) @ v.astype(np.float64)
    return result


def attend(
    kernels: Kernels, threads: int, q: Floats, k: Floats, v: Floats, scale: float, **added: Floats
) -> Floats:
    """Heads lie side by side in a row of q, k and v, as one product has them; so do those of the result."""
    outer, heads, rows, depth = q.shape
    keys, width = v.shape[2:]

    def side_by_side(x: Floats) -> Floats:
        return np.ascontiguousarray(x.transpose(0, 2, 1, 3))

    y = blank(outer, rows, heads, width)
    fields: dict[str, Any] = {"q": side_by_side(q), "k": side_by_side(k), "v": side_by_side(v), "y": y}
    for name, length, columns in (
        ("q", rows, depth),
        ("k", keys, depth),
        ("v", keys, width),
        ("y", rows, width),
    ):
        row = heads * columns
        fields |= {f"{name}_outer": length * row, f"{name}_head": columns, f"{name}_row": row}
    for name, values in added.items():
        steps = [
            0 if size == 1 else stride // 4 for size, stride in zip(values.shape, values.strides, strict=True)
        ]
        fields |= {
            name: values,
            **dict(zip((f"{name}_outer", f"{name}_head", f"{name}_row"), steps, strict=False)),
        }
    sizes = {"outer": outer, "heads": heads, "rows": rows, "keys": keys, "depth": depth, "width": width}
    kernels.call("attention", threads, **fields, **sizes, scale=scale)
    return y.transpose(0, 2, 1, 3)


def operands(shape: Shape) -> tuple[Floats, Floats, Floats]:
    leading = (shape.outer, shape.heads)
    q, k = random(*leading, shape.rows, shape.depth), random(*leading, shape.keys, shape.depth)
    return q, k, random(*leading, shape.keys, shape.width)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("name", SHAPES)
def test_attention(kernels: Kernels, name: str, threads: int) -> None:
    shape = SHAPES[name]
    q, k, v = operands(shape)
    scale = shape.depth**-0.5
    for kind in BIASES.values():
        added: dict[str, Floats] = {}
        if "b" in kind:
            added["bias"] = random(1, shape.heads, shape.rows, shape.keys)
        if "m" in kind:
            added["mask"] = random(shape.outer, 1, 1, shape.keys)
        close(attend(kernels, threads, q, k, v, scale, **added), expected_of(q, k, v, scale, *added.values()))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 12, 13, 31, 64, 95, 96])
def test_every_size_of_head(kernels: Kernels, size: int) -> None:
    q, k, v = operands(Shape(heads=2, rows=7, keys=11, depth=size, width=97 - size))
    close(attend(kernels, 2, q, k, v, -0.3), expected_of(q, k, v, -0.3))


def test_scores_beyond_what_exp_can_take(kernels: Kernels) -> None:
    q, k, v = operands(Shape(rows=8, keys=600, depth=4, width=4))
    for scale in (1e3, -1e3, 1e30):
        close(attend(kernels, 1, q, k, v, scale), expected_of(q, k, v, scale))


def test_rising_and_falling_scores(kernels: Kernels) -> None:
    """Each block of keys has a larger or a smaller maximum than the one before it."""
    v = random(1, 1, 700, 4)
    for keys in (np.linspace(-60, 60, 700), np.linspace(60, -60, 700)):
        k = keys.astype(np.float32).reshape(1, 1, 700, 1)
        q = np.ones((1, 1, 3, 1), np.float32)
        close(attend(kernels, 1, q, k, v, 1.0), expected_of(q, k, v, 1.0))


def test_masked_keys(kernels: Kernels) -> None:
    """Of -infinity: a whole block of them, all but one, and all."""
    q, k, v = operands(Shape(rows=9, keys=520, depth=4, width=5))
    mask = np.zeros((1, 1, 9, 520), np.float32)
    mask[..., 0, :300] = mask[..., 1, 256:] = mask[..., 2, 1:] = mask[..., 3, :-1] = -np.inf
    mask[..., 4, :] = -np.inf
    found, expected = attend(kernels, 2, q, k, v, 0.5, mask=mask), expected_of(q, k, v, 0.5, mask)
    assert np.isnan(found[..., 4, :]).all(), "a softmax of no key, as in PyTorch"
    kept = [row for row in range(9) if row != 4]
    close(found[..., kept, :], expected[..., kept, :])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["q", "k", "v"])
def test_special_numbers_stay_in_their_rows(kernels: Kernels, name: str, value: float) -> None:
    given = dict(zip("qkv", operands(Shape(heads=2, rows=7, keys=19, depth=5, width=6)), strict=True))
    given[name][0, 1, 3, 2] = value
    found, expected = attend(kernels, 1, **given, scale=1.0), expected_of(**given, scale=1.0)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    finite = np.isfinite(expected)
    close(found[finite], expected[finite])
