"""The size that a search over roundings asks for is that of the stored tensor."""

import numpy as np
import pytest
from safetensors.numpy import save

from torch2web.coding import coded_size, encode_parts


@pytest.mark.parametrize("count", [1, 100, 1000, 20_000, 300_000])
@pytest.mark.parametrize("spread", [0, 0.3, 3, 30])
def test_size_of_integers(count: int, spread: float) -> None:
    levels = np.rint(np.random.default_rng(4).normal(0, spread, count)).clip(-127, 127)
    content = save({"w": levels.astype(np.int8)})
    header = len(content) - count
    ((stored, _),) = encode_parts(content, 2**22)
    size = coded_size(levels.astype(np.int64))
    assert len(stored) - header <= size + 0.002 * size + 24
    assert size <= count + 6


@pytest.mark.parametrize("step", [1 / 16, 1 / 256, 0])
def test_size_of_halves(step: float) -> None:
    """Multiples of a step, and with all digits; of two planes of bytes."""
    values = np.random.default_rng(5).normal(size=20_000)
    halves = (np.rint(values / step) * step if step else values).astype(np.float16)
    content = save({"w": halves})
    header = len(content) - halves.nbytes
    ((stored, _),) = encode_parts(content, 2**22)
    assert len(stored) - header == pytest.approx(coded_size(halves), rel=0.01)


def test_no_integers_take_nothing() -> None:
    assert coded_size(np.zeros((0, 3), np.int8)) == 0
