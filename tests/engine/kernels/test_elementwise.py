"""Activations, pooling, reductions, broadcasting and copies, against numpy."""

import itertools
from typing import Any

import numpy as np
import pytest

from tests.engine.kernels import calls as k
from tests.engine.kernels.calls import Floats, Kernels
from tests.engine.kernels.cases import ACTIVATIONS, IDENTITY, RELU6, SILU, THREADS, blank, close, random


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("count", [1, 2, 7, 16, 61])
def test_activate(kernels: Kernels, count: int, activation: tuple[int, float, float], threads: int) -> None:
    x, y = random(count) * 4, blank(count)
    kernels.call("activate", threads, x=x, y=y, count=count, activation=activation)
    np.testing.assert_allclose(y, k.apply(activation, x.astype(np.float64)), rtol=1e-6, atol=2e-7)


def test_activations_of_nan_and_infinities(kernels: Kernels) -> None:
    """As in onnxruntime: NaN propagates, infinities give the limits, and -inf * 0 is NaN."""
    x = np.array([np.nan, -np.inf, np.inf, 1e-42, -1e-42, 100, -100, 0], np.float32)
    nan, inf = np.nan, np.inf
    expected = {
        (k.CLIP, 0.0, inf): [nan, 0, inf, 1e-42, 0, 100, 0, 0],
        RELU6: [nan, 0, 6, 1e-42, 0, 6, 0, 0],
        (k.SIGMOID, 0.0, 0.0): [nan, 0, 1, 0.5, 0.5, 1, 0, 0.5],
        SILU: [nan, nan, inf, 5e-43, -5e-43, 100, 0, 0],
        (k.HARD_SIGMOID, 0.2, 0.5): [nan, 0, 1, 0.5, 0.5, 1, 0, 0.5],
        (k.HARD_SWISH, 1 / 6, 0.5): [nan, nan, inf, 5e-43, -5e-43, 100, 0, 0],
        (k.LEAKY_RELU, 0.01, 0.0): [nan, -inf, inf, 1e-42, -1e-44, 100, -1, 0],
        (k.TANH, 0.0, 0.0): [nan, -1, 1, 0, 0, 1, -1, 0],
    }
    for activation, values in expected.items():
        y = blank(8)
        kernels.call("activate", x=x, y=y, count=8, activation=activation)
        np.testing.assert_allclose(y, values, rtol=1e-6, atol=3e-45 if activation[0] == k.SILU else 1e-7)


def windows(x: Floats, kernel: Any, stride: Any, dilation: Any, pads: Any, size: Any) -> list[list[Floats]]:
    """For each output position, the values inside the input under its kernel: [number, channels]."""
    top, left = pads[:2]
    found = []
    for row, column in itertools.product(range(size[0]), range(size[1])):
        places = itertools.product(range(kernel[0]), range(kernel[1]))
        at = [
            (row * stride[0] - top + i * dilation[0], column * stride[1] - left + j * dilation[1])
            for i, j in places
        ]
        found.append([x[h, w] for h, w in at if 0 <= h < x.shape[0] and 0 <= w < x.shape[1]])
    return found


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("channels", [1, 4, 7])
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "pads"),
    [
        ((1, 1), (1, 1), (1, 1), (1, 1), (0, 0, 0, 0)),
        ((8, 9), (2, 2), (2, 2), (1, 1), (0, 0, 0, 0)),
        ((7, 7), (3, 3), (2, 2), (1, 1), (1, 1, 1, 1)),
        ((9, 6), (3, 2), (1, 2), (2, 2), (1, 1, 2, 0)),
        ((6, 11), (5, 5), (1, 1), (1, 1), (2, 2, 2, 2)),
    ],
)
def test_pool(
    kernels: Kernels,
    size: Any,
    kernel: Any,
    stride: Any,
    dilation: Any,
    pads: Any,
    channels: int,
    threads: int,
) -> None:
    x = random(*size, channels)
    reach = [(kernel[i] - 1) * dilation[i] + 1 for i in (0, 1)]
    out = [(size[i] + pads[i] + pads[i + 2] - reach[i]) // stride[i] + 1 for i in (0, 1)]
    found = windows(x, kernel, stride, dilation, pads, out)
    for kind in range(3):
        if kind == 0:
            expected = [np.max(values, axis=0) for values in found]
        elif kind == 1:
            expected = [np.mean(values, axis=0) for values in found]
        else:
            expected = [np.sum(values, axis=0) / (kernel[0] * kernel[1]) for values in found]
        gap = 3 if kind else 0
        y = blank(*out, channels + gap)
        kernels.call(
            "pool",
            threads,
            x=x,
            y=y,
            kind=kind,
            channels=channels,
            in_height=size[0],
            in_width=size[1],
            out_height=out[0],
            out_width=out[1],
            y_pixel=channels + gap,
            kernel_height=kernel[0],
            kernel_width=kernel[1],
            stride_height=stride[0],
            stride_width=stride[1],
            dilation_height=dilation[0],
            dilation_width=dilation[1],
            pad_top=pads[0],
            pad_left=pads[1],
            pad_bottom=pads[2],
            pad_right=pads[3],
        )
        close(y[..., :channels], np.array(expected).reshape(*out, channels))
        assert np.isnan(y[..., channels:]).all()


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 1), (3, 8, 1), (2, 3, 5), (1, 4, 16)], ids=str)
def test_scale(kernels: Kernels, shape: tuple[int, int, int], threads: int) -> None:
    x, factor, shift = random(*shape), random(shape[1]), random(shape[1], 1)[:, 0]
    expected = x.astype(np.float64) * factor[:, None] + shift[:, None]
    sizes = dict(zip(("outer", "middle", "inner"), shape, strict=True))
    for activation in (IDENTITY, RELU6, SILU):
        y = blank(*shape)
        kernels.call("scale", threads, x=x, factor=factor, shift=shift, y=y, activation=activation, **sizes)
        close(y, k.apply(activation, expected))


@pytest.mark.parametrize("channels", [1, 3, 4, 6])
def test_maxima_beside_infinities_and_nan(kernels: Kernels, channels: int) -> None:
    """NaN reaches the outputs of its own windows and channel only."""
    generator = np.random.default_rng(channels)
    for _ in range(20):
        x, y = random(5, 9, channels), blank(5, 9, channels)
        for value in (np.inf, -np.inf, np.nan, np.nan):
            x.flat[generator.integers(x.size)] = value
        sizes = {"channels": channels, "in_height": 5, "in_width": 9, "out_height": 5, "out_width": 9}
        window = {"kernel_height": 3, "kernel_width": 3, "stride_height": 1, "stride_width": 1}
        window |= {"dilation_height": 1, "dilation_width": 1}
        pads = {"pad_top": 1, "pad_left": 1, "pad_bottom": 1, "pad_right": 1, "y_pixel": channels}
        kernels.call("pool", 2, x=x, y=y, kind=0, **sizes, **window, **pads)
        found = windows(x, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), (5, 9))
        np.testing.assert_array_equal(y.reshape(45, channels), [np.max(values, axis=0) for values in found])


def test_maximum_propagates_nan(kernels: Kernels) -> None:
    for place in range(4):
        x, y = random(2, 2, 1), blank(1, 1, 1)
        x.flat[place] = np.nan
        window = dict.fromkeys(["kernel_height", "kernel_width", "stride_height", "stride_width"], 2)
        sizes = {"kind": 0, "channels": 1, "in_height": 2, "in_width": 2, "out_height": 1, "out_width": 1}
        sizes["y_pixel"] = 1
        kernels.call("pool", x=x, y=y, **sizes, **window, dilation_height=1, dilation_width=1)
        assert np.isnan(y).all()


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 49, 20), (3, 10, 5), (4, 7, 1), (1, 9, 1)])
def test_reduce_and_softmax(kernels: Kernels, shape: tuple[int, int, int], threads: int) -> None:
    x = random(*shape) * 5
    sizes = dict(zip(("outer", "middle", "inner"), shape, strict=True))
    reductions: tuple[Any, ...] = (np.sum, np.mean, np.max)
    for kind, function in enumerate(reductions):
        y = blank(shape[0], shape[2])
        kernels.call("reduce", threads, x=x, y=y, kind=kind, **sizes)
        close(y, np.asarray(function(x.astype(np.float64), axis=1)))
    powers = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    softmax = powers / powers.sum(axis=1, keepdims=True)
    for logarithm, expected in enumerate((softmax, np.log(softmax))):
        y = blank(*shape)
        kernels.call("softmax", threads, x=x, y=y, logarithm=logarithm, **sizes)
        close(y, expected)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize(
    ("shape", "factors"),
    [
        *((shape, False) for shape in [(1, 1, 1), (2, 49, 20), (3, 10, 5), (4, 7, 1), (1, 9, 1), (2, 1, 6)]),
        *((shape, True) for shape in [(1, 1, 1), (4, 7, 1), (1, 9, 1)]),  # of rows alone
    ],
)
def test_normalize(kernels: Kernels, shape: tuple[int, int, int], threads: int, *, factors: bool) -> None:
    x, y = random(*shape) * 3 + 40, blank(*shape)
    scale, shift = (random(shape[1]), random(shape[1])) if factors else (None, None)
    sizes = dict(zip(("outer", "middle", "inner"), shape, strict=True))
    kernels.call("normalize", threads, x=x, scale=scale, shift=shift, y=y, epsilon=1e-3, **sizes)
    exact = x.astype(np.float64)
    centered = exact - exact.mean(axis=1, keepdims=True)
    expected = centered / np.sqrt(exact.var(axis=1, keepdims=True) + 1e-3)
    if scale is not None and shift is not None:
        expected = expected * scale[:, None] + shift[:, None]
    close(y, expected)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize(
    ("shape", "a_shape", "b_shape"),
    [
        ((1,), (1,), (1,)),
        ((37,), (37,), (37,)),
        ((37,), (37,), (1,)),
        ((3, 5, 7), (3, 5, 7), (7,)),
        ((3, 5, 7), (3, 1, 7), (5, 1)),
        ((2, 3, 2, 3, 2, 5), (2, 1, 2, 1, 2, 1), (3, 1, 3, 2, 5)),
    ],
)
def test_binary(kernels: Kernels, shape: Any, a_shape: Any, b_shape: Any, threads: int) -> None:
    a, b, y = random(*a_shape), random(*b_shape), blank(*shape)

    def strides(array: Floats) -> tuple[int, ...]:
        return tuple(stride // 4 for stride in np.broadcast_to(array, shape).strides)

    functions: tuple[Any, ...] = (np.add, np.subtract, np.multiply, np.divide, np.minimum, np.maximum)
    for kind, function in enumerate(functions):
        axes = {"shape": shape, "a_strides": strides(a), "b_strides": strides(b)}
        kernels.call("binary", threads, a=a, b=b, y=y, kind=kind, rank=len(shape), activation=RELU6, **axes)
        np.testing.assert_allclose(y, np.clip(function(a, b), 0, 6), rtol=1e-6)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("order", [(0,), (1, 0), (2, 0, 1), (0, 1, 2), (3, 1, 2, 0), (5, 4, 3, 2, 1, 0)])
def test_copy_transposes(kernels: Kernels, order: tuple[int, ...], threads: int) -> None:
    x = random(*(1, 7, 3, 2, 4, 5)[: len(order)])
    turned = x.transpose(order)
    y = blank(*turned.shape)
    strides = {
        "x_strides": tuple(stride // 4 for stride in turned.strides),
        "y_strides": tuple(stride // 4 for stride in y.strides),
    }
    kernels.call("copy", threads, x=x, y=y, rank=len(order), shape=turned.shape, **strides)
    np.testing.assert_array_equal(y, turned)


@pytest.mark.parametrize("threads", THREADS)
def test_fill(kernels: Kernels, threads: int) -> None:
    y = blank(11)
    kernels.call("fill", threads, y=y, count=11, value=2.5)
    np.testing.assert_array_equal(y, np.full(11, 2.5, np.float32))
