"""NaN, infinities and denormals in the input give what they give in onnxruntime."""

from ctypes import CDLL

import numpy as np
import pytest
import torch
from onnx import helper

from tests.plan.running import engine_run, model_of, onnxruntime_run, require_close
from tests.plan.test_operators import CASES

SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 1e-41, -1e-41, 3e38, -3e38, 0.0, -0.0, 88.0, -88.0, 104.0, -104.0], np.float32
)

NAMES = [
    name for name in CASES if name.startswith(("activations", "arithmetic", "pools", "blocks", "reductions"))
]


@pytest.mark.parametrize("name", NAMES)
def test_as_onnxruntime(library: CDLL, name: str) -> None:
    nodes, shape, constants, opset = CASES[name]
    model = model_of(nodes, ("batch", *shape), constants, opset)
    random = np.random.default_rng(4)
    # What onnxruntime's maxima make of NaN depends on where a vector of its kernel begins, and so on the
    # machine; the engine's are NaN, as PyTorch's are: see below.
    numbers = SPECIAL[1:] if any(node.op_type == "MaxPool" for node in nodes) else SPECIAL
    for number in numbers:
        x = random.normal(size=(1, *shape)).astype(np.float32)
        x.reshape(-1)[random.integers(x.size)] = number
        with np.errstate(all="ignore"):
            expected = onnxruntime_run(model, x)
        require_close(engine_run(library, model, x), expected, f"{name}, {number}")


def test_maximum_of_nan_is_nan_as_in_pytorch(library: CDLL) -> None:
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
        require_close(engine_run(library, model_of(plain, ("batch", *shape), {}), x), pooled)
        convolved = torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(w), padding=1)
        pooled = torch.nn.functional.max_pool2d(convolved, 2).numpy()
        require_close(engine_run(library, model_of(after, ("batch", *shape), {"w": w}), x), pooled)
