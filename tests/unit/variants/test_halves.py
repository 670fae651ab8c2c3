"""Weights of float16 with steps finer than those of int8: exact products, errors, bytes."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from tests.unit.variants.test_rounding import SCORES, split_of
from torch2web.coding import coded_size
from torch2web.variants import decode_all
from torch2web.variants.compact.choice import FINER, Unit, bits_of, choose, fine_steps_of
from torch2web.variants.encodings import Weight, as_float16
from torch2web.variants.rounding import (
    HALF,
    Calibration,
    FineSteps,
    Rounding,
    as_halves,
    round_finely,
)
from torch2web.variants.rounding.layers import find_layers

RANDOM = np.random.Generator(np.random.PCG64(31))


def weight_of(scale: float = 1.0) -> Weight:
    channels = np.exp(RANDOM.normal(size=(24, 1)))
    return Weight("w0", (scale * channels * RANDOM.normal(size=(24, 700))).astype(np.float32), 0)


def even_weight() -> Weight:
    return Weight("w0", RANDOM.normal(size=(24, 700)).astype(np.float32), 0)


def halves_of(weight: Weight, multiple: float, common: bool = True) -> NDArray[np.float16]:
    steps = FineSteps.of(weight, common).at(multiple)
    return as_halves(round_finely(weight.values, steps), steps)


@pytest.mark.parametrize("common", [True, False])
@pytest.mark.parametrize("multiple", FINER)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_numbers_are_the_integers_times_their_steps(multiple: float, scale: float, common: bool) -> None:
    weight = weight_of(scale)
    fine = FineSteps.of(weight, common)
    steps = fine.at(multiple)
    halves = halves_of(weight, multiple, common)
    assert np.array_equal(
        halves.astype(np.float64), np.rint(weight.values / steps).astype(np.float64) * steps
    )
    assert not np.signbit(halves[halves == 0]).any()  # one zero, as bits are counted
    assert np.array_equal(np.frexp(steps)[0], np.full(steps.shape, 0.5))  # powers of two
    mean = np.sqrt(np.square(fine.int8.astype(np.float64)).mean())
    ratios = np.log2(steps / (multiple * (np.full((24, 1), mean) if common else fine.int8)))
    assert fine.change(multiple) == pytest.approx(np.square(2**ratios * multiple).mean(), rel=1e-5)
    assert (ratios >= -0.5 - 1e-6).all()
    coarser = ratios > 0.5 + 1e-6  # as half precision has no digits for all
    largest = np.abs(weight.values).max(axis=None if common else 1)
    assert (np.broadcast_to(largest, (24,))[coarser[:, 0]] > 1023 * steps[coarser]).all()
    assert not coarser.any() or multiple < 1 / 2


def test_channels_of_zeros_count_for_no_step() -> None:
    weight = weight_of()
    dead = Weight("w0", np.concatenate([weight.values, np.zeros((8, 700), np.float32)]), 0)
    for multiple in FINER:
        fine, alive = FineSteps.of(dead, common=True), FineSteps.of(weight, common=True)
        assert np.array_equal(fine.at(multiple)[:24], alive.at(multiple))
        assert fine.change(multiple) == alive.change(multiple)
        assert not halves_of(dead, multiple)[24:].any()
    nothing = FineSteps.of(Weight("w0", np.zeros((3, 4), np.float32), 0), common=True)
    assert nothing.change(1 / 2) == 0
    assert np.isfinite(nothing.at(1 / 2)).all()


def test_steps_are_none_that_half_precision_lacks() -> None:
    """Weights so small that their steps would be below the smallest number."""
    weight = weight_of(1e-7)
    halves = halves_of(weight, 1 / 8)
    assert np.array_equal(halves, as_float16(weight)["w0"])


def test_too_large_for_half_precision_is_infinite() -> None:
    """Which is refused later, as of a weight that is stored as it is."""
    assert np.isinf(halves_of(weight_of(1e6), 1 / 4)).any()


def finer(weights: Sequence[Weight]) -> tuple[dict[float, float], dict[float, float]]:
    """Bits and changes by multiple."""
    found = fine_steps_of(weights, partial(FineSteps.of, common=True))
    return {at: bits for at, (bits, _) in found.items()}, {at: change for at, (_, change) in found.items()}


def test_finer_steps_take_more_bits_and_fewer_than_all_of_a_number() -> None:
    """One more for steps half as large."""
    weight = even_weight()
    bits, changes = finer([weight])
    whole = bits_of([weight])
    for multiple in FINER:
        assert bits[multiple] == pytest.approx(whole[1] - np.log2(changes[multiple]) / 2, abs=0.25)
        size = 8 * coded_size(halves_of(weight, multiple)) / weight.values.size
        assert bits[multiple] == pytest.approx(size, rel=0.02)
    assert bits[1 / 16] < whole[HALF] - 2


def test_bits_and_changes_of_weights_with_other_steps_are_their_means() -> None:
    weights = [weight_of(), Weight("w1", 100 * RANDOM.normal(size=(24, 700)).astype(np.float32), 0)]
    together, alone = finer(weights), [finer([weight]) for weight in weights]
    for found, *each in zip(together, *alone, strict=True):
        for multiple in FINER:
            assert found[multiple] == pytest.approx(np.mean([one[multiple] for one in each]), rel=0.02)


@pytest.mark.parametrize("multiple", [*FINER, 1.0])
def test_the_search_takes_a_step_between_int8_and_half_precision(multiple: float) -> None:
    """The coarsest one that changes little enough, by its own steps: those are powers of two."""
    weight = even_weight()
    bits, changes = finer([weight])
    unit = Unit(weight.values.size, bits_of([weight]) | bits, 1.0, changes)
    (chosen,) = choose([unit], 1.01 * unit.change(multiple))
    assert chosen == multiple or changes[chosen] == changes[multiple]


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


def test_outputs_that_read_other_inputs_keep_steps_of_their_own() -> None:
    """Depthwise: a common step would be too coarse for small weights of a channel with large values."""
    for groups, count in ((1, 1), (6, 6)):
        shapes = (1, 6, 9, 9), (6, 6 // groups, 3, 3), (1, 6, 7, 7)
        split = split_of("Conv", *shapes, {"group": groups})
        split.weights[0].values[:] *= np.arange(1, 7, dtype=np.float32).reshape(6, 1, 1, 1) ** 3
        rounding = Rounding(
            split, Calibration(RANDOM.normal(size=(4, 6, 9, 9)).astype(np.float32), [1.0] * 4), SCORES
        )
        fine = rounding.fine_steps(split.weights[0])
        assert (len(np.unique(fine.at(1 / 2))) > 1) == (count > 1)
        assert 1 / 8 <= fine.change(1 / 2) <= 1 / 2
