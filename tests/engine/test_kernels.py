"""Each kernel against numpy (convolutions: torch in float64), natively: odd sizes, several threads."""

import ctypes
import itertools
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.engine import kernels as k
from tests.engine.kernels import Floats, Kernels
from tests.engine.native_library import native_engine

RELU6 = (k.CLIP, 0.0, 6.0)
IDENTITY = (k.NONE, 0.0, 0.0)
SILU = (k.SILU, 0.0, 0.0)
ACTIVATIONS = [
    IDENTITY,
    RELU6,
    (k.CLIP, 0.0, float("inf")),
    (k.SIGMOID, 0.0, 0.0),
    SILU,
    (k.HARD_SIGMOID, 0.2, 0.5),
    (k.HARD_SWISH, 1 / 6, 0.5),
    (k.LEAKY_RELU, 0.01, 0.0),
    (k.TANH, 0.0, 0.0),
]
THREADS = [1, 3]


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Kernels:
    cache: Path = tmp_path_factory.mktemp("engine")
    return Kernels(native_engine(cache))


def random(*shape: int) -> Floats:
    generator = np.random.default_rng(list(shape))
    return generator.standard_normal(shape).astype(np.float32)


def blank(*shape: int) -> Floats:
    return np.full(shape, np.nan, np.float32)


def close(found: Floats, expected: NDArray[Any]) -> None:
    scale = max(float(np.abs(expected).max(initial=0)), 1e-3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6 * scale)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("count", [1, 2, 7, 16, 61])
def test_activate(kernels: Kernels, count: int, activation: tuple[int, float, float], threads: int) -> None:
    x, y = random(count) * 4, blank(count)
    kernels.call("activate", threads, x=x, y=y, count=count, activation=activation)
    np.testing.assert_allclose(y, k.apply(activation, x.astype(np.float64)), rtol=1e-6, atol=2e-7)


def test_activations_of_what_is_no_number(kernels: Kernels) -> None:
    """As onnxruntime gives them: NaN stays, infinities have their limits, and -inf * 0 is NaN."""
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


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize(
    ("rows", "inputs", "outputs"),
    [
        (1, 1, 1),
        (1, 33, 20),
        (2, 4, 8),
        (5, 3, 9),
        (6, 16, 24),
        (13, 7, 17),
        (49, 40, 16),
        (131, 27, 12),
        (200, 9, 40),
    ],
)
def test_product(
    kernels: Kernels, rows: int, inputs: int, outputs: int, gated: bool, residual: bool, threads: int
) -> None:
    x, w, bias, extra, gate = (
        random(*shape)
        for shape in ((rows, inputs), (inputs, outputs), (outputs,), (rows, outputs), (inputs,))
    )
    for activation in (IDENTITY, RELU6, SILU):
        y = blank(rows, outputs)
        optional: dict[str, Any] = {"residual": extra} if residual else {}
        optional |= {"gate": gate} if gated else {}
        kernels.call(
            "product",
            threads,
            x=x,
            weights=k.panels(w, bias),
            y=y,
            rows=rows,
            inputs=inputs,
            outputs=outputs,
            x_stride=inputs,
            y_stride=outputs,
            activation=activation,
            **optional,
        )
        scaled = x.astype(np.float64) * (gate if gated else 1)
        close(y, k.apply(activation, scaled @ w + bias + (extra if residual else 0)))


def test_product_between_other_columns(kernels: Kernels) -> None:
    x, w, bias, y = random(9, 7), random(5, 11), random(11), blank(9, 13)
    call: dict[str, Any] = {
        "rows": 9,
        "inputs": 5,
        "outputs": 11,
        "x_stride": 7,
        "y_stride": 13,
        "activation": SILU,
    }
    kernels.call("product", x=x, weights=k.panels(w, bias), y=y, **call)
    close(y[:, :11], k.apply(SILU, x[:, :5].astype(np.float64) @ w + bias))
    assert np.isnan(y[:, 11:]).all()


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (5, 8), (3, 20)])
def test_pack_panels(kernels: Kernels, inputs: int, outputs: int, threads: int) -> None:
    w = random(inputs, outputs)
    expected = k.panels(w, np.zeros(outputs, np.float32))
    for x, strides in ((w, (outputs, 1)), (np.ascontiguousarray(w.T), (1, inputs))):
        y = blank(*expected.shape)
        sizes = {
            "inputs": inputs,
            "outputs": outputs,
            "input_stride": strides[0],
            "output_stride": strides[1],
        }
        kernels.call("pack_panels", threads, x=x, y=y, **sizes)
        np.testing.assert_array_equal(y, expected)


def small_matrix(form: int, inputs: int, outputs: int) -> tuple[NDArray[Any], Floats, NDArray[np.float64]]:
    """A random matrix as RowProduct has it: its bytes, its scales and its values."""
    generator = np.random.default_rng([form, inputs, outputs])
    columns = -(-outputs // 8) * 8
    scale = generator.uniform(0.5, 1, columns).astype(np.float32)

    def by_panel(values: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(values.reshape(len(values), -1, 8).transpose(1, 0, 2))

    if form == k.FLOAT16:
        halves = generator.standard_normal((inputs, columns)).astype(np.float16)
        halves[0, 0] = np.float16(3e-7)  # a denormal
        return by_panel(halves), scale, halves.astype(np.float64)
    if form == k.INT8:
        integers = generator.integers(-128, 128, (inputs, columns)).astype(np.int8)
        return by_panel(integers), scale, integers.astype(np.float64) * scale
    nibbles = generator.integers(0, 16, (inputs, columns)).astype(np.uint8)
    scales = generator.uniform(0.5, 1, (inputs // 32, columns)).astype(np.float32)
    pairs = (nibbles[:, 0::2] | nibbles[:, 1::2] << 4).reshape(inputs // 32, 32, columns // 8, 4)
    blocks = [
        scales.reshape(-1, columns // 8, 8)[b, p].tobytes() + pairs[b, :, p].tobytes()
        for p in range(columns // 8)
        for b in range(inputs // 32)
    ]
    values = (nibbles.astype(np.float64) - 8) * scales.repeat(32, axis=0)
    return np.frombuffer(b"".join(blocks), np.uint8).copy(), scale, values


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("form", [k.INT8, k.INT4, k.FLOAT16])
@pytest.mark.parametrize(("inputs", "outputs"), [(32, 1), (64, 8), (96, 20), (320, 41)])
def test_row_product(kernels: Kernels, form: int, inputs: int, outputs: int, threads: int) -> None:
    weights, scale, values = small_matrix(form, inputs, outputs)
    x, bias, y = random(inputs), random(len(scale)), blank(outputs)
    sizes: dict[str, Any] = {"inputs": inputs, "outputs": outputs, "format": form, "activation": RELU6}
    kernels.call("row_product", threads, x=x, weights=weights, scale=scale, bias=bias, y=y, **sizes)
    unclipped = (x.astype(np.float64) @ values + bias)[:outputs]
    np.testing.assert_allclose(
        y, np.clip(unclipped, 0, 6), atol=1e-5 * np.abs(values).max() * np.sqrt(inputs)
    )


@pytest.mark.parametrize("form", [k.INT8, k.FLOAT16])
@pytest.mark.parametrize("inputs", [1, 3, 31])
def test_row_product_of_few_inputs(kernels: Kernels, form: int, inputs: int) -> None:
    weights, scale, values = small_matrix(form, inputs, 5)
    x, bias, y = random(inputs), random(8), blank(5)
    sizes: dict[str, Any] = {"inputs": inputs, "outputs": 5, "format": form, "activation": IDENTITY}
    kernels.call("row_product", x=x, weights=weights, scale=scale, bias=bias, y=y, **sizes)
    close(y, (x.astype(np.float64) @ values + bias)[:5])


def convolve(x: Floats, w: Floats, bias: Floats, groups: int = 1, **window: Any) -> NDArray[np.float64]:
    """x [height, width, channels], w as in ONNX, padding on all four sides -> [height, width, channels]."""
    top, left, bottom, right = window.pop("pads")
    tensor = torch.from_numpy(x.astype(np.float64).transpose(2, 0, 1)[None].copy())
    padded = torch.nn.functional.pad(tensor, (left, right, top, bottom))
    weights, biases = torch.from_numpy(w.astype(np.float64)), torch.from_numpy(bias.astype(np.float64))
    y = torch.nn.functional.conv2d(padded, weights, biases, groups=groups, **window)
    result: NDArray[np.float64] = y[0].numpy().transpose(1, 2, 0)
    return result


CONVS = [
    # height, width, in, out, groups, kernel, stride, dilation, pads
    (1, 1, 1, 1, 1, (1, 1), (1, 1), (1, 1), (0, 0, 0, 0)),
    (1, 1, 3, 5, 1, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
    (9, 7, 3, 8, 1, (3, 3), (2, 2), (1, 1), (1, 1, 1, 1)),
    (8, 8, 3, 12, 1, (3, 3), (2, 2), (1, 1), (0, 0, 1, 1)),
    (11, 130, 4, 17, 1, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
    (6, 9, 6, 9, 3, (3, 2), (1, 2), (2, 1), (2, 1, 0, 1)),
    (5, 5, 8, 8, 8, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
    (5, 4, 4, 8, 4, (2, 2), (1, 1), (1, 1), (0, 0, 0, 0)),
    (13, 12, 5, 6, 1, (7, 5), (3, 2), (1, 2), (3, 4, 3, 4)),
    (7, 7, 16, 24, 1, (1, 1), (2, 2), (1, 1), (0, 0, 0, 0)),
]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("case", CONVS, ids=str)
@pytest.mark.parametrize("form", ["channels last", "channels first", "residual", "pooled"])
def test_conv(kernels: Kernels, case: Any, form: str, threads: int) -> None:
    height, width, inputs, outputs, groups, kernel, stride, dilation, pads = case
    x, w, bias = random(height, width, inputs), random(outputs, inputs // groups, *kernel), random(outputs)
    plain = convolve(x, w, bias, groups, pads=pads, stride=stride, dilation=dilation)
    residual = random(*plain.shape) if form == "residual" else None
    expected = k.apply(RELU6, plain + (0 if residual is None else residual))
    if form == "pooled":
        rows, columns = plain.shape[0] // 2, plain.shape[1] // 2
        if not rows * columns:
            return
        expected = expected[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, outputs).max(axis=(1, 3))
    per_group = w.reshape(groups, outputs // groups, inputs // groups, *kernel).transpose(0, 3, 4, 2, 1)
    packed = [
        k.panels(g.reshape(-1, outputs // groups), b)
        for g, b in zip(per_group, bias.reshape(groups, -1), strict=True)
    ]
    first = form == "channels first"
    y = blank(*expected.shape)
    kernels.call(
        "conv",
        threads,
        x=np.ascontiguousarray(x.transpose(2, 0, 1)) if first else x,
        weights=np.concatenate([panel.reshape(-1) for panel in packed]),
        y=y,
        **({} if residual is None else {"residual": residual}),
        in_height=height,
        in_width=width,
        in_channels=inputs,
        x_row=width if first else width * inputs,
        x_pixel=1 if first else inputs,
        x_channel=height * width if first else 1,
        out_height=plain.shape[0],
        out_width=plain.shape[1],
        out_channels=outputs,
        groups=groups,
        **dict(zip(("kernel_height", "kernel_width"), kernel, strict=True)),
        **dict(zip(("stride_height", "stride_width"), stride, strict=True)),
        **dict(zip(("dilation_height", "dilation_width"), dilation, strict=True)),
        pad_top=pads[0],
        pad_left=pads[1],
        max_pool=int(form == "pooled"),
        activation=RELU6,
    )
    close(y, expected)


DEPTHWISE = [
    (size, channels, kernel, stride, dilation)
    for size, channels, (kernel, stride, dilation) in itertools.product(
        [(1, 1), (5, 3), (7, 7), (9, 20), (15, 14)],
        [1, 4, 6, 20],
        [
            ((3, 3), (1, 1), (1, 1)),
            ((3, 3), (2, 2), (1, 1)),
            ((5, 5), (1, 1), (1, 1)),
            ((5, 5), (2, 2), (1, 1)),
            ((3, 5), (1, 2), (2, 1)),
            ((7, 7), (1, 1), (1, 1)),
            ((2, 2), (3, 3), (1, 1)),
        ],
    )
]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("case", DEPTHWISE, ids=str)
def test_depthwise(kernels: Kernels, case: Any, threads: int) -> None:
    (height, width), channels, kernel, stride, dilation = case
    reach = [(size - 1) * step for size, step in zip(kernel, dilation, strict=True)]
    pads = (reach[0] // 2, reach[1] // 2, reach[0] - reach[0] // 2, reach[1] - reach[1] // 2)
    x, w, bias = random(height, width, channels), random(channels, *kernel), random(channels)
    plain = convolve(x, w[:, None], bias, channels, pads=pads, stride=stride, dilation=dilation)
    for activation in (RELU6, SILU):
        expected = k.apply(activation, plain)
        y, sums = blank(*plain.shape), blank(threads, channels)
        kernels.call(
            "depthwise",
            threads,
            x=x,
            weights=k.depthwise_panels(w, bias),
            y=y,
            sums=sums,
            channels=channels,
            in_height=height,
            in_width=width,
            out_height=plain.shape[0],
            out_width=plain.shape[1],
            **dict(zip(("kernel_height", "kernel_width"), kernel, strict=True)),
            **dict(zip(("stride_height", "stride_width"), stride, strict=True)),
            **dict(zip(("dilation_height", "dilation_width"), dilation, strict=True)),
            pad_top=pads[0],
            pad_left=pads[1],
            activation=activation,
        )
        close(y, expected)
        np.testing.assert_allclose(sums.sum(axis=0), expected.sum(axis=(0, 1)), rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("parts", ["expand depthwise project", "depthwise project", "expand depthwise"])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2), (1, 1), (2, 3)])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 7), (9, 30), (14, 15), (3, 60)])
def test_block(
    kernels: Kernels, height: int, width: int, kernel: int, stride: int, parts: str, threads: int
) -> None:
    inputs, outputs = 6, 9
    middle = 20 if "expand" in parts else inputs
    x, expand, bias = random(height, width, inputs), random(inputs, middle), random(middle)
    w, project, bias3 = random(middle, kernel, kernel), random(middle, outputs), random(outputs)
    pad = kernel // 2
    values = x.astype(np.float64)
    optional: dict[str, Any] = {}
    if "expand" in parts:
        optional["expand"] = k.panels(expand, bias)
        values = k.apply(RELU6, values @ expand + bias)
    pads = (pad, pad, pad, pad)
    values = convolve(values.astype(np.float32), w[:, None], bias, middle, pads=pads, stride=stride)
    activation = RELU6 if "project" in parts else SILU
    values = k.apply(activation, values)
    out_height, out_width, _ = values.shape
    if "project" in parts:
        optional["project"] = k.panels(project, bias3)
        optional["residual"] = random(out_height, out_width, outputs)
        values = values @ project + bias3 + optional["residual"]
    else:
        optional["sums"] = blank(threads, middle)
    y = blank(*values.shape)
    kernels.call(
        "block",
        threads,
        x=x,
        depthwise=k.depthwise_panels(w, bias),
        y=y,
        in_height=height,
        in_width=width,
        in_channels=inputs,
        mid_channels=middle,
        out_height=out_height,
        out_width=out_width,
        out_channels=values.shape[2],
        kernel_height=kernel,
        kernel_width=kernel,
        stride_height=stride,
        stride_width=stride,
        pad_top=pad,
        pad_left=pad,
        expand_activation=RELU6,
        depthwise_activation=activation,
        project_activation=IDENTITY,
        **optional,
    )
    close(y, values)
    if "sums" in optional:
        np.testing.assert_allclose(
            optional["sums"].sum(axis=0), values.sum(axis=(0, 1)), rtol=1e-6, atol=1e-3
        )


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize(("channels", "hidden"), [(1, 1), (20, 3), (33, 8)])
def test_squeeze_excite(kernels: Kernels, channels: int, hidden: int, threads: int) -> None:
    sums, gate, mean = random(threads, channels), blank(channels), blank(channels)
    w1, b1, w2, b2 = random(channels, hidden), random(hidden), random(hidden, channels), random(channels)
    kernels.call(
        "squeeze_excite",
        threads,
        sums=sums,
        first=k.panels(w1, b1),
        second=k.panels(w2, b2),
        gate=gate,
        channels=channels,
        hidden=hidden,
        pixels=7,
        first_activation=SILU,
        second_activation=(k.SIGMOID, 0.0, 0.0),
    )
    expected = sums.astype(np.float64).sum(axis=0) / 7
    close(gate, k.apply((k.SIGMOID, 0.0, 0.0), k.apply(SILU, expected @ w1 + b1) @ w2 + b2))
    kernels.call("mean_of_sums", threads, sums=sums, y=mean, channels=channels, pixels=7)
    close(mean, expected)


def windows(x: Floats, kernel: Any, stride: Any, dilation: Any, pads: Any, size: Any) -> list[list[Floats]]:
    """For each output place, the values that there are under its kernel, [number, channels]."""
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
        y = blank(*out, channels)
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
        close(y, np.array(expected).reshape(y.shape))


def test_nan_is_the_maximum(kernels: Kernels) -> None:
    for place in range(4):
        x, y = random(2, 2, 1), blank(1, 1, 1)
        x.flat[place] = np.nan
        window = dict.fromkeys(["kernel_height", "kernel_width", "stride_height", "stride_width"], 2)
        sizes = {"kind": 0, "channels": 1, "in_height": 2, "in_width": 2, "out_height": 1, "out_width": 1}
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
    y = blank(*shape)
    kernels.call("softmax", threads, x=x, y=y, **sizes)
    powers = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    close(y, powers / powers.sum(axis=1, keepdims=True))


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


def test_barrier_lets_nobody_ahead(tmp_path: Path) -> None:
    """Threads that each raise their own count between barriers never see another's behind."""
    library = native_engine(tmp_path)
    barrier = (ctypes.c_int32 * 2)()
    counts = [0, 0, 0]
    behind: list[int] = []

    def work(thread: int) -> None:
        for turn in range(20):
            counts[thread] = turn + 1
            library.barrier_wait(barrier, 3, thread != 0)
            behind.extend(count for count in counts if count < turn + 1)
            library.barrier_wait(barrier, 3, thread != 0)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert counts == [20, 20, 20]
    assert behind == []
