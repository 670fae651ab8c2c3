"""Convolutions and what is fused with them, against torch in float64."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.engine.kernels import calls as k
from tests.engine.kernels.calls import Floats, Kernels
from tests.engine.kernels.cases import IDENTITY, RELU6, SILU, THREADS, blank, close, random


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
    # few rows, whose outputs are shared by threads
    (7, 4, 5, 61, 1, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
    # narrow groups: in pairs and one left over, in two parts, with more lines than are copied, dilated
    (7, 13, 44, 44, 11, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
    (9, 8, 40, 40, 5, (3, 3), (2, 2), (1, 1), (1, 1, 1, 1)),
    (12, 5, 12, 30, 3, (9, 2), (1, 1), (1, 1), (4, 1, 4, 0)),
    (10, 11, 36, 24, 2, (3, 3), (1, 2), (2, 3), (2, 3, 2, 3)),
    (6, 7, 66, 66, 2, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
    # as many rows as are copied, in two parts: lines of the first are still there, of the same rows
    (3, 5, 48, 48, 6, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
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
    gap = 3 if form in ("channels first", "pooled") else 0
    y = blank(*expected.shape[:2], outputs + gap)
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
        y_pixel=outputs + gap,
        groups=groups,
        **dict(zip(("kernel_height", "kernel_width"), kernel, strict=True)),
        **dict(zip(("stride_height", "stride_width"), stride, strict=True)),
        **dict(zip(("dilation_height", "dilation_width"), dilation, strict=True)),
        pad_top=pads[0],
        pad_left=pads[1],
        max_pool=int(form == "pooled"),
        activation=RELU6,
    )
    close(y[..., :outputs], expected)
    assert np.isnan(y[..., outputs:]).all()


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
            ((3, 3), (1, 1), (2, 3)),
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
