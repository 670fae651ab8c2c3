"""Operators as each opset from 9 on has them."""

from ctypes import CDLL

import numpy as np
import onnx
import pytest

from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.running import engine_run, model_of, onnxruntime_run, require_close

OPSETS = range(9, 26)
EACH = 25
"""Every so many cases are tried, others in each opset."""
LEAST = 20


@pytest.mark.parametrize("opset", OPSETS)
def test_is_as_onnxruntime(library: CDLL, opset: int) -> None:
    tried = 0
    for name in list(CASES)[opset % EACH :: EACH]:
        nodes, shape, constants, _ = CASES[name]
        x = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)
        try:
            model = model_of(nodes, ("batch", *shape), constants, opset)
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
            continue  # not of this opset
        expected = onnxruntime_run(model, x)
        require_close(engine_run(library, model, x), expected, f"{name}, opset {opset}")
        tried += 1
    assert tried >= LEAST
