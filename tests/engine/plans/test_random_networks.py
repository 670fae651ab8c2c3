"""300 seeded random networks of PyTorch: the engine's logits are onnxruntime's."""

from ctypes import CDLL

import numpy as np
import pytest

from tests.engine.plans.cases.random_networks import random_network
from tests.engine.plans.running import engine_run, onnxruntime_run, require_close
from torch2web.plan import plan_model
from torch2web.plan.passes import TILES, winograd

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


@pytest.mark.parametrize("tile", TILES)
def test_winograd_wherever_it_can_be(library: CDLL, monkeypatch: pytest.MonkeyPatch, tile: int) -> None:
    for limit in ("MIN_CHANNELS", "PER_VALUE", "PER_WEIGHT"):
        monkeypatch.setattr(winograd, limit, 0)
    used = 0
    for seed in range(0, 200, 5):
        model, shape = random_network(seed)
        if not plan_model(model, largest_tile=tile).tiles:
            continue
        used += 1
        x = np.random.default_rng(seed).normal(size=(1, *shape)).astype(np.float32)
        found = engine_run(library, model, x, largest_tile=tile, threads=1 + seed % 2)
        require_close(found, onnxruntime_run(model, x), f"seed {seed}")
    assert used > 10
