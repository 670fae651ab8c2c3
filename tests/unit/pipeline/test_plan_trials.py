"""A plan that is not exact enough makes room for one with smaller tiles, with every variant judged again."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from onnx import helper

from tests.engine.plans.running import model_of
from torch2web.pipeline.conversion import plan_trials
from torch2web.pipeline.conversion.plan_trials import PlanTrials
from torch2web.plan import Judgement, Plan, plan_model
from torch2web.variants import Variant

W = np.ones((64, 64, 3, 3), np.float32)
MODEL = model_of(
    [helper.make_node("Conv", ["input", "w"], ["output"], "conv", pads=[1, 1, 1, 1])],
    ("batch", 64, 24, 24),
    {"w": W},
)
WEIGHTS = [SimpleNamespace(name="w0", values=np.ones((4, 4), np.float32))]


@dataclass(frozen=True)
class Case:
    fp32: int
    """Largest tile that passes with these weights."""
    fp16: int
    found: dict[str, int] | None
    """None: no plan."""
    judged: str
    """Variant and tile of each judgement, in order."""


CASES = [
    Case(4, 4, {"conv": 4}, "fp32/4 fp16/4"),
    Case(2, 2, {"conv": 2}, "fp32/4 fp32/2 fp16/2"),
    Case(4, 2, {"conv": 2}, "fp32/4 fp16/4 fp32/2 fp16/2"),
    Case(4, 0, {}, "fp32/4 fp16/4 fp32/2 fp16/2 fp32/0 fp16/0"),
    Case(4, -1, None, "fp32/4 fp16/4 fp32/2 fp16/2 fp32/0 fp16/0"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.judged)
def test_smaller_tiles(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    judged: list[str] = []

    def judge(engine: Any, plan: Plan, variant: Variant, spec: Any, reference: Any) -> Judgement:
        assert (variant.content == b"compensated") == (variant.calibration_images > 0)
        assert variant.content
        tile = plan.tiles.get("conv", 0)
        judged.append(f"{variant.name}/{tile}")
        return Judgement("" if tile <= getattr(case, variant.name) else "too far", tile / 8)

    monkeypatch.setattr(plan_trials, "judge_plan", judge)
    split: Any = SimpleNamespace(graph=MODEL.SerializeToString(), weights=WEIGHTS)
    nothing: Any = None
    trials = PlanTrials({}, split, nothing, nothing, plan_model(MODEL), "")
    variant = Variant("fp32", b"content", {}, {}, {}, {})
    for name in ("fp32", "fp16"):
        given = replace(variant, name=name)
        compensated = replace(given, calibration_images=8, content=b"compensated")
        trials.judge(compensated if name == "fp16" else given)
    assert (trials.plan and trials.plan.tiles) == case.found
    assert trials.reason == ("" if case.found is not None else "too far")
    assert judged == case.judged.split()
    assert trials.exact
    last = next(entry for entry in reversed(judged) if entry.startswith("fp32"))
    assert trials.exact.float64_max_abs_diff == int(last[-1]) / 8
