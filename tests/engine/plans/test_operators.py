"""Each operator against onnxruntime, for a batch of 1 and of 5."""

from ctypes import CDLL

import numpy as np
import pytest

from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.running import engine_run, model_of, onnxruntime_run, require_close


@pytest.mark.parametrize("name", CASES)
def test_is_as_onnxruntime(library: CDLL, name: str) -> None:
    nodes, shape, constants, opset = CASES[name]
    model = model_of(nodes, ("batch", *shape), constants, opset)
    for batch in (1, 5):
        x = np.random.default_rng(batch).normal(size=(batch, *shape)).astype(np.float32)
        require_close(engine_run(library, model, x), onnxruntime_run(model, x), f"{name}, batch {batch}")
