"""Samples with one special number each: what it does to the others in it shows in the output."""

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto

from tests.plan.running import Floats

LARGE = np.float32(3e38)
"""Twice this is infinite."""

SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 1e-41, -1e-41, LARGE, -LARGE, 0.0, -0.0, 88.0, -88.0, 104.0, -104.0], np.float32
)


def special_numbers(nodes: Sequence[NodeProto]) -> Floats:
    """Those that onnxruntime has one answer to."""
    # What onnxruntime's maxima make of NaN depends on where a vector of its kernel begins, and so on the
    # machine; the engine's are NaN, as PyTorch's are: see test_special_numbers.py.
    return SPECIAL[~np.isnan(SPECIAL)] if any(node.op_type == "MaxPool" for node in nodes) else SPECIAL


def special_samples(shape: tuple[int, ...], numbers: Floats, seed: int) -> Floats:
    """One for each number, which is somewhere in it."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(len(numbers), *shape)).astype(np.float32)
    for sample, number in zip(x, numbers, strict=True):
        sample.reshape(-1)[random.integers(sample.size)] = number
    return x
