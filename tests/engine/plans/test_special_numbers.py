"""NaN, infinities and denormals in the input have the same effect as in onnxruntime."""

from collections.abc import Iterator
from ctypes import CDLL

import numpy as np
import onnx
import pytest
import torch
from onnx import helper

from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.cases.random_networks import random_network
from tests.engine.plans.running import Floats, engine_run, model_of, require_close
from tests.engine.plans.special import onnxruntime_of_each, special_numbers, special_samples

NETWORKS = 40
"""In groups of 10."""


@pytest.mark.parametrize("name", CASES)
def test_as_onnxruntime(library: CDLL, name: str) -> None:
    nodes, shape, constants, opset = CASES[name]
    require_as_onnxruntime(library, model_of(nodes, ("batch", *shape), constants, opset), shape, name)


@pytest.mark.parametrize("first", range(0, NETWORKS, 10))
def test_random_networks(library: CDLL, first: int) -> None:
    for seed in range(first, first + 10):
        model, shape = random_network(seed)
        require_as_onnxruntime(library, model, shape, f"seed {seed}")


def require_as_onnxruntime(library: CDLL, model: onnx.ModelProto, shape: tuple[int, ...], name: str) -> None:
    numbers = special_numbers(model.graph.node)
    samples = special_samples(shape, numbers, seed=4)
    # Winograd's transforms spread infinities and NaN over a tile.
    found = engine_run(library, model, samples, largest_tile=0)
    expected = onnxruntime_of_each(model, samples)
    for number, one, other in zip(numbers, found, expected, strict=True):
        require_close(one, other, f"{name}, {number}")


def maxima_of_nan() -> Iterator[tuple[onnx.ModelProto, Floats, Floats]]:
    """Model, sample and PyTorch's output: a MaxPool alone, and one that is fused into a convolution."""
    shape = (3, 9, 10)
    plain = [helper.make_node("MaxPool", ["input"], ["output"], kernel_shape=[2, 2], strides=[2, 2])]
    after = [
        helper.make_node("Conv", ["input", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("MaxPool", ["c"], ["output"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    w = np.random.default_rng(2).normal(size=(4, 3, 3, 3)).astype(np.float32)
    for place in (0, 1, 10, 11, 55, 137):
        x = np.random.default_rng(3).normal(size=(1, *shape)).astype(np.float32)
        x.reshape(-1)[place] = np.nan
        pooled = torch.nn.functional.max_pool2d(torch.from_numpy(x), 2).numpy()
        yield model_of(plain, ("batch", *shape), {}), x, pooled
        convolved = torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(w), padding=1)
        pooled = torch.nn.functional.max_pool2d(convolved, 2).numpy()
        yield model_of(after, ("batch", *shape), {"w": w}), x, pooled


def test_maximum_of_nan_is_nan_as_in_pytorch(library: CDLL) -> None:
    for model, x, expected in maxima_of_nan():
        require_close(engine_run(library, model, x), expected)
