"""Which convolutions the planner computes by Winograd's transforms, and with which tiles."""

from typing import Any

import numpy as np
import pytest
from onnx import helper

from tests.engine.plans.running import model_of
from torch2web.plan import plan_model, plan_more_exactly

CHOSEN: dict[str, tuple[int, int, int, dict[str, Any], int]] = {
    # channels in and out, pixels of a side, attributes, tile
    "large": (64, 64, 56, {"pads": [1, 1, 1, 1]}, 4),
    "few pixels": (64, 64, 6, {"pads": [1, 1, 1, 1]}, 2),
    "more weights than pixels": (512, 512, 7, {"pads": [1, 1, 1, 1]}, 2),
    "few channels": (3, 64, 56, {"pads": [1, 1, 1, 1]}, 0),
    "one pixel": (64, 64, 1, {"pads": [1, 1, 1, 1]}, 0),
    "strided": (64, 64, 56, {"strides": [2, 2]}, 0),
    "dilated": (64, 64, 56, {"dilations": [2, 2]}, 0),
    "narrow groups": (64, 64, 56, {"group": 16}, 0),
    "depthwise": (64, 64, 56, {"group": 64}, 0),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_by_size(name: str) -> None:
    inputs, outputs, side, options, tile = CHOSEN[name]
    weights = np.ones((outputs, inputs // options.get("group", 1), 3, 3), np.float32)
    conv = helper.make_node("Conv", ["input", "w"], ["output"], "conv", **options)
    model = model_of([conv], ("batch", inputs, side, side), {"w": weights})
    plan = plan_model(model)
    assert plan.tiles == ({"conv": tile} if tile else {})
    found = []
    while next_plan := plan_more_exactly(model, plan):
        plan = next_plan
        found.append(plan.tiles.get("conv", 0))
    assert found == {4: [2, 0], 2: [0], 0: []}[tile]
