"""Convolutions by Winograd's transforms against the direct sum in float64, within what they round."""

import ctypes
from ctypes import CDLL
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.kernels import calls as k
from tests.engine.kernels.calls import Floats, Guarded, Kernels
from tests.engine.kernels.cases import ACTIVATIONS, IDENTITY, RELU6, SILU, blank, random
from tests.engine.kernels.test_convolutions import convolve

Doubles = NDArray[np.float64]

ROOT = np.sqrt(2)
POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 1 / ROOT, -1 / ROOT, ROOT, -ROOT)}
"""Of each tile, besides infinity."""

CASES = [
    # height, width, in, out, groups, pads
    (1, 1, 1, 1, 1, (1, 1, 1, 1)),
    (4, 4, 8, 8, 1, (1, 1, 1, 1)),
    (3, 3, 5, 9, 1, (0, 0, 0, 0)),
    (7, 7, 16, 24, 1, (1, 1, 1, 1)),
    (13, 6, 6, 10, 2, (1, 1, 1, 1)),
    (9, 30, 3, 17, 1, (0, 1, 2, 0)),
    (6, 5, 36, 4, 4, (3, 0, 1, 4)),
    (33, 41, 13, 16, 1, (1, 1, 1, 1)),
]


def transforms(tile: int) -> tuple[Doubles, Doubles, Doubles]:
    """Matrices of the input, the weights and the output, from their points (Toom and Cook)."""
    points = POINTS[tile]
    polynomials = [np.poly([q for q in points if q != p])[::-1] for p in points]
    scales = [np.prod([p - q for q in points if q != p]) for p in points]
    size = tile + 2
    inputs = np.zeros((size, size))
    for row, polynomial in enumerate(polynomials):
        inputs[row, : size - 1] = polynomial
    inputs[-1] = np.poly(points)[::-1]
    weights = np.array([[p**i / scale for i in range(3)] for p, scale in zip(points, scales, strict=True)])
    outputs = np.array([[p**i for p in points] for i in range(tile)])
    last = np.zeros((1, 3))
    last[0, 2] = 1
    infinity = np.zeros((tile, 1))
    infinity[-1] = 1
    return inputs, np.vstack([weights, last]), np.hstack([outputs, infinity])


def bound(x: Floats, w: Floats, tile: int) -> float:
    """Largest error of a result in float32, by what the transforms multiply independent roundings with.

    Each value of the transforms has the length of its row as its scale: once along each axis. Roundings of
    the sum over channels add up like their square root; those of the transforms are a few more.
    """
    scale = 1.0
    for matrix in transforms(tile):
        scale *= float(np.linalg.norm(matrix, axis=1).max()) ** 2
    scale *= float(np.abs(x).max()) * float(np.abs(w).max())
    return float(np.finfo(np.float32).eps * scale * (np.sqrt(w.shape[1]) + 4))


def packed(library: CDLL, w: Floats, bias: Floats, groups: int, tile: int) -> Floats:
    """Weights [out, in / groups, 3, 3] in the engine's layout, transformed by it."""
    outputs, channels = w.shape[0] // groups, w.shape[1]
    rows = np.zeros((groups, (tile + 2) ** 2, channels + 1, outputs), np.float32)
    rows[:, :9, :channels] = w.reshape(groups, outputs, channels, 9).transpose(0, 3, 2, 1)
    parts = [
        k.panels(part.reshape(-1, outputs), own)
        for part, own in zip(rows, bias.reshape(groups, -1), strict=True)
    ]
    whole = Guarded(np.concatenate([part.reshape(-1) for part in parts]))
    library.winograd_weights(tile, channels, groups * -(-outputs // 8), ctypes.c_void_p(whole.address))
    whole.check()
    return np.asarray(whole.values, np.float32)


def run(
    library: CDLL,
    case: Any,
    tile: int,
    form: str,
    activation: Any,
    threads: int,
    weights: type[Guarded] = Guarded,
) -> None:
    height, width, inputs, outputs, groups, pads = case
    x, w, bias = random(height, width, inputs), random(outputs, inputs // groups, 3, 3), random(outputs)
    plain = convolve(x, w, bias, groups, pads=pads, stride=1, dilation=1)
    residual = random(*plain.shape) if form == "residual" else None
    expected = k.apply(activation, plain + (0 if residual is None else residual))
    rows, columns = plain.shape[0] // 2, plain.shape[1] // 2
    if form == "pooled":
        if not rows * columns:
            return
        pairs = expected[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, outputs)
        expected = pairs.max(axis=(1, 3))
    gap = 5 if form != "residual" and tile == 2 else 0
    y = blank(*expected.shape[:2], outputs + gap)
    Kernels(library, weights).call(
        "winograd",
        threads,
        x=x,
        weights=packed(library, w, bias, groups, tile),
        y=y,
        **({} if residual is None else {"residual": residual}),
        in_height=height,
        in_width=width,
        in_channels=inputs,
        out_height=plain.shape[0],
        out_width=plain.shape[1],
        out_channels=outputs,
        y_pixel=outputs + gap,
        groups=groups,
        tile=tile,
        pad_top=pads[0],
        pad_left=pads[1],
        max_pool=int(form == "pooled"),
        activation=activation,
    )
    np.testing.assert_allclose(y[..., :outputs], expected, rtol=0, atol=bound(x, w, tile))
    assert np.isnan(y[..., outputs:]).all()


@pytest.mark.parametrize("tile", POINTS)
def test_transforms_of_weights_are_those_of_their_points(library: CDLL, tile: int) -> None:
    w = random(8, 3, 3, 3)
    _, matrix, _ = transforms(tile)
    expected = np.einsum("ai,bj,ocij->abco", matrix, matrix, w.astype(np.float64))
    size = tile + 2
    found = packed(library, w, random(8), 1, tile)[8:].reshape(size, size, 4, 8)
    # A value of the input and its weight may both have the other sign.
    np.testing.assert_allclose(np.abs(found[:, :, 1:]), np.abs(expected), rtol=0, atol=2e-6)
    assert not found[:, :, 0].any()


@pytest.mark.parametrize("tile", POINTS)
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("form", ["plain", "residual", "pooled"])
def test_shapes(library: CDLL, case: Any, form: str, tile: int) -> None:
    for threads in (1, 2, 3, 8):
        run(library, case, tile, form, RELU6, threads)


@pytest.mark.parametrize("tile", POINTS)
@pytest.mark.parametrize("form", ["plain", "residual", "pooled"])
def test_activations(library: CDLL, form: str, tile: int) -> None:
    for activation in ACTIVATIONS:
        run(library, (7, 9, 6, 11, 1, (1, 1, 1, 1)), tile, form, activation, 1)


@pytest.mark.parametrize("tile", POINTS)
def test_many_tiles_and_channels(library: CDLL, tile: int) -> None:
    """Several blocks of tiles, and several threads for few tiles."""
    for threads in (1, 3):
        run(library, (64, 70, 20, 8, 1, (1, 1, 1, 1)), tile, "plain", IDENTITY, threads)
        run(library, (8, 7, 520, 40, 1, (1, 1, 1, 1)), tile, "plain", SILU, threads)
