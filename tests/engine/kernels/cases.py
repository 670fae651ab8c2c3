"""Test values shared by the tests of kernels, and the comparison of results."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.engine.kernels import calls as k
from tests.engine.kernels.calls import Floats

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


def random(*shape: int) -> Floats:
    generator = np.random.default_rng(list(shape))
    return generator.standard_normal(shape).astype(np.float32)


def blank(*shape: int) -> Floats:
    return np.full(shape, np.nan, np.float32)


def close(found: Floats, expected: NDArray[Any]) -> None:
    scale = max(float(np.abs(expected).max(initial=0)), 1e-3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6 * scale)
