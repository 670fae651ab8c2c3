"""NaN, infinities and denormals in the input give what they give in onnxruntime."""

from collections.abc import Iterator
from ctypes import CDLL

import numpy as np
import onnx
import pytest
import torch
from onnx import helper

from tests.plan.running import Floats, engine_run, model_of, onnxruntime_run, require_close
from tests.plan.special import special_numbers, special_samples
from tests.plan.test_operators import CASES

NAMES = [
    name for name in CASES if name.startswith(("activations", "arithmetic", "pools", "blocks", "reductions"))
]


@pytest.mark.parametrize("name", NAMES)
def test_as_onnxruntime(library: CDLL, name: str) -> None:
    nodes, shape, constants, opset = CASES[name]
    model = model_of(nodes, ("batch", *shape), constants, opset)
    numbers = special_numbers(nodes)
    for number, x in zip(numbers, special_samples(shape, numbers, seed=4), strict=True):
        with np.errstate(all="ignore"):
            expected = onnxruntime_run(model, x[None])
        require_close(engine_run(library, model, x[None]), expected, f"{name}, {number}")


def maxima_of_nan() -> Iterator[tuple[onnx.ModelProto, Floats, Floats]]:
    """Model, sample and what PyTorch gives, for a MaxPool alone and for one that a convolution takes in."""
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
