"""Encodings of weights: rounding errors are bounded, and decoding matches the browser's."""

import numpy as np
import pytest
from numpy.typing import NDArray

from torch2web.variants.encodings import ENCODINGS, Tensors, Weight, applies, decode_all, fits_int4

RANDOM = np.random.Generator(np.random.PCG64(5))


def weight(*shape: int, axis: int = 0, scale: float = 1) -> Weight:
    return Weight("w0", (RANDOM.normal(size=shape) * scale).astype(np.float32), axis)


def through(name: str, stored: Weight) -> tuple[Tensors, NDArray[np.float32]]:
    tensors = ENCODINGS[name](stored)
    (decoded,) = decode_all(tensors).values()
    assert decoded.dtype == np.float32
    assert decoded.shape == stored.values.shape
    return tensors, decoded


@pytest.mark.parametrize("stored", [weight(8, 3, 3, 3), weight(64, 16, axis=1), weight(5, 7)])
def test_exact_and_half_precision(stored: Weight) -> None:
    assert np.array_equal(through("fp32", stored)[1], stored.values)
    _, half = through("fp16", stored)
    assert np.abs(half - stored.values).max() <= np.abs(stored.values).max() * 2**-11


@pytest.mark.parametrize("stored", [weight(8, 3, 3, 3), weight(64, 16, axis=1), weight(1, 40)])
def test_int8_rounds_to_half_a_step_of_each_channel(stored: Weight) -> None:
    tensors, decoded = through("int8", stored)
    channels = stored.values.shape[stored.axis]
    assert tensors["w0"].dtype == np.int8
    assert tensors["w0.scale"].size == channels
    others = tuple(axis for axis in range(stored.values.ndim) if axis != stored.axis)
    largest = np.abs(stored.values).max(axis=others, keepdims=True)
    assert (np.abs(decoded - stored.values) <= largest / 254 * 1.0001).all()
    assert np.unique(tensors["w0"]).size > 20, "a wide range is used"


def test_int4_rounds_to_half_a_step_of_each_block() -> None:
    stored = weight(96, 6, axis=1)
    tensors, decoded = through("int4_matrix", stored)
    assert tensors["w0"].shape == (96, 3)
    assert tensors["w0.scale"].shape == (3, 6)
    largest = np.abs(stored.values.reshape(3, 32, 6)).max(axis=1).repeat(32, axis=0)
    # Half a step; a whole one for values opposite in sign to the block's largest, which have only 7 steps.
    assert (np.abs(decoded - stored.values) <= largest / 8 * 1.001).all()
    assert np.abs(decoded - stored.values).mean() < largest.mean() / 25


def test_zeros_stay_zeros() -> None:
    for name, zeros in {
        "int8": Weight("w0", np.zeros((4, 5), np.float32), 0),
        "int4_matrix": Weight("w0", np.zeros((32, 2), np.float32), 1),
    }.items():
        assert np.array_equal(through(name, zeros)[1], zeros.values)


def test_overflow_of_half_precision_shows() -> None:
    """The variant is refused later, because its logits are not finite."""
    assert np.isinf(through("fp16", weight(4, 4, scale=1e6))[1]).any()


def test_matrix_encodings_are_for_large_matrices() -> None:
    part, other = weight(64, 16, axis=1), weight(64, 16)
    assert fits_int4(part)
    assert not fits_int4(other)
    assert not fits_int4(weight(33, 16, axis=1)), "rows that fill no block"
    assert applies("int4_matrix", [other, part])
    assert not applies("int4_matrix", [other])
    assert applies("int8", [other])
    assert ENCODINGS["int4_matrix"](other)["w0"].dtype == np.float16
