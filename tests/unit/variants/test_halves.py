"""Weights of float16 with steps finer than those of int8: exact products, errors, bytes."""

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from tests.unit.variants.test_rounding import SCORES, split_of
from torch2web.coding import coded_size
from torch2web.variants import decode_all
from torch2web.variants.compact.choice import FINER, Unit, bits_of, choose
from torch2web.variants.encodings import Weight, as_float16, as_int8
from torch2web.variants.rounding import HALF, Calibration, Rounding, as_halves
from torch2web.variants.rounding.halves import as_fine_integers
from torch2web.variants.rounding.layers import find_layers

RANDOM = np.random.Generator(np.random.PCG64(31))


def weight_of(scale: float = 1.0) -> Weight:
    channels = np.exp(RANDOM.normal(size=(24, 1)))
    return Weight("w0", (scale * channels * RANDOM.normal(size=(24, 700))).astype(np.float32), 0)


def halves_of(weight: Weight, multiple: float) -> NDArray[np.float16]:
    fine = as_fine_integers(weight, multiple)
    return as_halves(np.asarray(fine["w0"], np.int16), np.asarray(fine["w0.scale"], np.float32))


@pytest.mark.parametrize("multiple", FINER)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_numbers_are_the_integers_times_their_steps(multiple: float, scale: float) -> None:
    weight = weight_of(scale)
    fine = as_fine_integers(weight, multiple)
    steps = np.asarray(fine["w0.scale"], np.float64)
    halves = halves_of(weight, multiple)
    assert np.array_equal(halves.astype(np.float64), np.asarray(fine["w0"], np.float64) * steps)
    assert not np.signbit(halves[halves == 0]).any()  # one zero, as bits are counted
    assert (np.abs(halves - weight.values.astype(np.float64)) <= steps / 2).all()
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


@pytest.mark.parametrize("multiple", [*FINER, 1.0])
def test_the_search_takes_a_step_between_int8_and_half_precision(multiple: float) -> None:
    """The coarsest one that changes little enough."""
    weight = weight_of()
    unit = Unit(weight.values.size, bits_of([weight]), sensitivity=1.0)
    assert choose([unit], 1.01 * multiple**2) == (multiple,)


@pytest.mark.parametrize("multiple", FINER)
def test_errors_are_compensated(multiple: float) -> None:
    """Sums with inputs that depend on few factors are nearer than those of the nearest numbers."""
    split = split_of("Conv", (1, 20, 9, 9), (6, 20, 3, 3), (1, 6, 7, 7), {})
    (weight,) = split.weights
    pictures = np.einsum("nf,fchw->nchw", RANDOM.normal(size=(30, 4)), RANDOM.normal(size=(4, 20, 9, 9)))
    rounding = Rounding(split, Calibration(pictures.astype(np.float32), [1.0] * 30), SCORES)
    tensors = rounding.encode(rounding.units[0], multiple)
    assert {name: values.dtype.name for name, values in tensors.items()} == {"w0": "float16"}

    (layer,) = find_layers(onnx.load_from_string(split.graph), split.weights)
    columns = layer.columns(pictures.astype(np.float32), 10_000, shift=0)

    def error(values: NDArray[np.floating]) -> float:
        off = layer.matrices(values - weight.values.astype(np.float64))
        return float(np.square(columns @ off.transpose(0, 2, 1)).mean())

    assert error(decode_all(tensors)["w0"]) < error(halves_of(weight, multiple)) / 1.5
