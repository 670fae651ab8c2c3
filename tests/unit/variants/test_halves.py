"""Weights in half precision on a grid: exact products, errors of the wanted size, fewer bytes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.variants.test_rounding import SCORES, split_of
from torch2web.coding import coded_size
from torch2web.variants import decode_all
from torch2web.variants.compact.choice import FINER, bits_of
from torch2web.variants.encodings import Weight, as_float16, as_int8
from torch2web.variants.rounding import HALF, Calibration, Rounding, as_halves, on_grid

RANDOM = np.random.Generator(np.random.PCG64(31))


def weight_of(scale: float = 1.0) -> Weight:
    channels = np.exp(RANDOM.normal(size=(24, 1)))
    return Weight("w0", (scale * channels * RANDOM.normal(size=(24, 700))).astype(np.float32), 0)


def halves_of(weight: Weight, multiple: float) -> NDArray[np.float16]:
    return np.asarray(as_halves(weight, on_grid(weight, multiple))["w0"], np.float16)


@pytest.mark.parametrize("multiple", FINER)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_numbers_are_the_integers_times_their_scale(multiple: float, scale: float) -> None:
    weight = weight_of(scale)
    grid = on_grid(weight, multiple)
    steps = np.asarray(grid["w0.scale"], np.float64)
    assert as_halves(weight, grid).keys() == {"w0"}
    assert np.array_equal(
        halves_of(weight, multiple).astype(np.float64), np.asarray(grid["w0"], np.float64) * steps
    )
    assert np.abs(halves_of(weight, multiple) - weight.values.astype(np.float64)).max() <= steps.max() / 2
    ratios = steps / (multiple * np.asarray(as_int8(weight)["w0.scale"], np.float64))
    assert (np.abs(np.log2(ratios)) <= 0.5 + 1e-6).all()
    assert np.array_equal(np.frexp(steps)[0], np.full(steps.shape, 0.5))  # powers of two


def test_steps_are_none_that_half_precision_lacks() -> None:
    """Weights so small that their steps would be below the smallest number."""
    weight = weight_of(1e-7)
    halves = halves_of(weight, 1 / 8)
    assert np.array_equal(halves, as_float16(weight)["w0"])


def test_too_large_for_half_precision_is_infinite() -> None:
    """Which is refused later, as of a weight that is stored as it is."""
    assert np.isinf(halves_of(weight_of(1e6), 1 / 4)).any()


def test_finer_steps_take_more_bits_and_fewer_than_all_of_a_number() -> None:
    weight = weight_of()
    bits = bits_of([weight])
    assert bits[1] < bits[1 / 2] < bits[1 / 4] < bits[1 / 8] < bits[HALF]
    for multiple in FINER:
        size = 8 * coded_size(halves_of(weight, multiple)) / weight.values.size
        assert bits[multiple] == pytest.approx(size, rel=0.02)


@pytest.mark.parametrize("multiple", FINER)
def test_errors_are_compensated(multiple: float) -> None:
    """Sums with inputs that depend on few factors are nearer than those of the nearest numbers."""
    split = split_of("Conv", (1, 20, 9, 9), (6, 20, 3, 3), (1, 6, 7, 7), {})
    (weight,) = split.weights
    pictures = np.einsum("nf,fchw->nchw", RANDOM.normal(size=(30, 4)), RANDOM.normal(size=(4, 20, 9, 9)))
    rounding = Rounding(split, Calibration(pictures.astype(np.float32), [1.0] * 30), SCORES)
    tensors = rounding.encode(rounding.units[0], multiple)
    assert {name: values.dtype.name for name, values in tensors.items()} == {"w0": "float16"}

    def error(values: NDArray[np.floating]) -> float:
        off = (values - weight.values.astype(np.float64)).reshape(6, -1)
        windows = np.lib.stride_tricks.sliding_window_view(pictures, (3, 3), (2, 3))
        columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 180)
        return float(np.square(columns @ off.T).mean())

    assert error(decode_all(tensors)["w0"]) < error(halves_of(weight, multiple)) / 1.5
