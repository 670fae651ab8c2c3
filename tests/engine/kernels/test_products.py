"""Matrix products with each layout of packed weights, against numpy."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.kernels import calls as k
from tests.engine.kernels.calls import Floats, Kernels
from tests.engine.kernels.cases import IDENTITY, RELU6, SILU, THREADS, blank, close, random


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


def test_product_of_more_weights_than_stay_in_the_cache(kernels: Kernels) -> None:
    rows, inputs, outputs = 410, 601, 443
    x, w, bias, extra, gate = (
        random(*shape)
        for shape in ((rows, inputs), (inputs, outputs), (outputs,), (rows, outputs), (inputs,))
    )
    y = blank(rows, outputs)
    sizes: dict[str, Any] = {"rows": rows, "inputs": inputs, "outputs": outputs, "activation": IDENTITY}
    strides = {"x_stride": inputs, "y_stride": outputs}
    weights = k.panels(w, bias)
    kernels.call("product", x=x, weights=weights, gate=gate, residual=extra, y=y, **sizes, **strides)
    close(y, (x.astype(np.float64) * gate) @ w + bias + extra)


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
@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 1, 1), (4, 5, 8), (7, 3, 20)])
@pytest.mark.parametrize("shared", [False, True])
def test_products(
    kernels: Kernels, rows: int, inputs: int, outputs: int, threads: int, *, shared: bool
) -> None:
    count = 5
    x, w = random(count, rows, inputs), random(1 if shared else count, inputs, outputs)
    transposed = np.ascontiguousarray(w.transpose(0, 2, 1))
    for given, strides in ((w, (outputs, 1)), (transposed, (1, inputs))):
        y = blank(count, rows, outputs)
        sizes = {
            "count": count,
            "rows": rows,
            "inputs": inputs,
            "outputs": outputs,
            "x_step": rows * inputs,
            "w_step": 0 if shared else inputs * outputs,
            "input_stride": strides[0],
            "output_stride": strides[1],
        }
        kernels.call("products", threads, x=x, w=given, y=y, **sizes)
        close(y, x.astype(np.float64) @ w)


def shifted(halves: NDArray[np.float16]) -> NDArray[np.uint16]:
    """As SHIFTED16 has them: float32, with its exponent less 102, without the bits that are 0."""
    moved = (halves.astype(np.float64) * 2.0**-102).astype(np.float32).view(np.uint32)
    assert not (moved & 0x70001FFF).any()
    return (moved >> 31 << 15 | moved >> 13 & 0x7FFF).astype(np.uint16)


def small_matrix(form: int, inputs: int, outputs: int) -> tuple[NDArray[Any], Floats, NDArray[np.float64]]:
    """A random matrix packed for StoredProduct: bytes, scales and values."""
    generator = np.random.default_rng([form, inputs, outputs])
    columns = -(-outputs // 8) * 8
    scale = generator.uniform(0.5, 1, columns).astype(np.float32)

    def by_panel(values: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(values.reshape(len(values), -1, 8).transpose(1, 0, 2))

    if form in (k.FLOAT16, k.SHIFTED16):
        halves = generator.standard_normal((inputs, columns)).astype(np.float16)
        halves[0, 0] = np.float16(3e-7)  # a denormal
        halves[0, 1], halves[-1, 2] = 0, -0.0
        stored = halves if form == k.FLOAT16 else shifted(halves)
        return by_panel(stored), scale, halves.astype(np.float64)
    if form == k.INT8_BY_INPUT:
        integers = generator.integers(-128, 128, (inputs, columns)).astype(np.int8)
        scale = generator.uniform(0.5, 1, inputs).astype(np.float32)
        return by_panel(integers), scale, integers.astype(np.float64) * scale[:, None]
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
@pytest.mark.parametrize("form", [k.INT8, k.INT4, k.FLOAT16, k.SHIFTED16])
@pytest.mark.parametrize(("inputs", "outputs"), [(32, 1), (64, 8), (96, 20), (320, 41)])
def test_stored_row_product(kernels: Kernels, form: int, inputs: int, outputs: int, threads: int) -> None:
    weights, scale, values = small_matrix(form, inputs, outputs)
    x, bias, y = random(inputs), random(len(scale)), blank(outputs)
    sizes: dict[str, Any] = {
        "rows": 1,
        "inputs": inputs,
        "outputs": outputs,
        "format": form,
        "activation": RELU6,
    }
    kernels.call("stored_product", threads, x=x, weights=weights, scale=scale, bias=bias, y=y, **sizes)
    unclipped = (x.astype(np.float64) @ values + bias)[:outputs]
    np.testing.assert_allclose(
        y, np.clip(unclipped, 0, 6), atol=1e-5 * np.abs(values).max() * np.sqrt(inputs)
    )


@pytest.mark.parametrize("form", [k.INT8, k.FLOAT16, k.SHIFTED16])
@pytest.mark.parametrize("inputs", [1, 3, 31])
def test_stored_row_product_of_few_inputs(kernels: Kernels, form: int, inputs: int) -> None:
    weights, scale, values = small_matrix(form, inputs, 5)
    x, bias, y = random(inputs), random(8), blank(5)
    sizes: dict[str, Any] = {
        "rows": 1,
        "inputs": inputs,
        "outputs": 5,
        "format": form,
        "activation": IDENTITY,
    }
    kernels.call("stored_product", x=x, weights=weights, scale=scale, bias=bias, y=y, **sizes)
    close(y, (x.astype(np.float64) @ values + bias)[:5])


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("form", [k.INT8, k.INT4, k.FLOAT16, k.INT8_BY_INPUT, k.SHIFTED16])
@pytest.mark.parametrize(
    ("rows", "inputs", "outputs"),
    [
        (1, 64, 9),
        (2, 32, 1),
        (5, 64, 20),
        (61, 96, 41),
        (7, 1056, 150),  # more panels than are converted at a time
    ],
)
def test_rows_of_stored_product(
    kernels: Kernels, form: int, rows: int, inputs: int, outputs: int, threads: int
) -> None:
    weights, scale, values = small_matrix(form, inputs, outputs)
    x, bias, residual, y = (
        random(rows, inputs),
        random(values.shape[1]),
        random(rows, outputs),
        blank(rows, outputs),
    )
    sizes: dict[str, Any] = {"rows": rows, "inputs": inputs, "outputs": outputs, "format": form}
    plain = x.astype(np.float64) @ values[:, :outputs] + bias[:outputs]
    tolerance = 1e-5 * np.abs(values).max() * np.sqrt(inputs)
    buffers = {"x": x, "weights": weights, "scale": scale, "bias": bias, "y": y}
    for activation in (IDENTITY, RELU6, SILU):
        kernels.call("stored_product", threads, **buffers, **sizes, activation=activation)
        np.testing.assert_allclose(y, k.apply(activation, plain), atol=tolerance)
        kernels.call("stored_product", threads, residual=residual, **buffers, **sizes, activation=activation)
        np.testing.assert_allclose(y, k.apply(activation, plain + residual), atol=tolerance)
