"""300 seeded random networks of PyTorch: the engine's logits are onnxruntime's."""

from ctypes import CDLL

import numpy as np
import pytest

from tests.engine.plans.random_networks import random_network
from tests.engine.plans.running import engine_run, onnxruntime_run, require_close

BUNCH = 20


@pytest.mark.parametrize("first", range(0, 300, BUNCH))
def test_are_as_onnxruntime(library: CDLL, first: int) -> None:
    for seed in range(first, first + BUNCH):
        model, shape = random_network(seed)
        x = np.random.default_rng(seed).normal(size=(3, *shape)).astype(np.float32)
        expected = onnxruntime_run(model, x)
        require_close(engine_run(library, model, x), expected, f"seed {seed}")
        if seed % 4 == 0:
            found = engine_run(library, model, x, threads=3)
            require_close(found, expected, f"seed {seed}, three threads")
