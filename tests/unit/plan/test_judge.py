"""A model's plan: kept if the engine is within the tolerance for every variant, else dropped with figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from torch import nn

from tests.materials import images
from tests.reference import reference_of
from tests.tiny_network import plannable, unplannable
from torch2web.assets import load_assets
from torch2web.catalog.load import ModelSpec
from torch2web.pipeline.conversion.export_choice import planned_or_reason
from torch2web.plan import Plan, WasmEngine, plan_model, why_refused
from torch2web.sources.export import export_onnx
from torch2web.tasks import Gate
from torch2web.variants.rounding import Calibration
from torch2web.variants.selection import Variant, make_variants
from torch2web.variants.split import SplitModel, split_model
from torch2web.verification.reference_run import ReferenceRun


@dataclass(frozen=True)
class Converted:
    """Inputs of planning and of judging a plan."""

    modules: dict[str, bytes]
    split: SplitModel
    spec: ModelSpec
    reference: ReferenceRun
    variants: tuple[Variant, ...]

    def reasons(self, plan: Plan | None = None) -> dict[str, str]:
        """Reasons why the plan is refused, by variant; empty if it is accepted."""
        plan = plan or plan_model(onnx.load_from_string(self.split.graph))
        return {
            variant.name: why_refused(self.modules, plan, variant, self.spec, self.reference)
            for variant in self.variants
        }


def no_calibration() -> Calibration:
    raise AssertionError("rounding to the nearest is accepted")


def engine_modules() -> dict[str, bytes]:
    """The engine builds that judge a plan."""
    assets = load_assets()
    paths = {build: assets.below(f"engine/{build}/") for build in ("relaxed", "plain")}
    return {build: assets.read(path) for build, (path,) in paths.items()}


@pytest.fixture
def convert(catalog: dict[str, ModelSpec], cache: Path, tmp_path: Path) -> Callable[..., Converted]:
    def convert(make: Callable[[], nn.Module]) -> Converted:
        spec = replace(catalog["mobilenet_emotion"], gate=Gate(0, 1))  # of no matter here
        path, model = tmp_path / "model.onnx", make()
        reference = reference_of(model, spec, images())
        export_onnx(model, spec, path)
        split = split_model(path)
        outcomes = make_variants(split, spec, reference, no_calibration)
        variants = tuple(outcome for outcome in outcomes if isinstance(outcome, Variant))
        assert [variant.name for variant in variants] == ["fp32", "fp16", "int8"]
        return Converted(engine_modules(), split, spec, reference, variants)

    return convert


def test_plan_that_passes_is_kept(convert: Callable[..., Converted]) -> None:
    assert convert(plannable).reasons() == {"fp32": "", "fp16": "", "int8": ""}


def test_unknown_operator_is_named(convert: Callable[..., Converted]) -> None:
    plan, reason = planned_or_reason(convert(unplannable).split)
    assert plan is None
    assert reason.startswith("Sin ")


def test_logits_that_differ_from_pytorchs(convert: Callable[..., Converted]) -> None:
    converted = convert(plannable)
    logits = converted.reference.logits[1].copy()
    logits[4, 2] += 0.125
    reference = replace(converted.reference, logits={**converted.reference.logits, 1: logits})
    assert replace(converted, reference=reference).reasons() == {
        "fp32": "with fp32 weights the relaxed engine's logits differ from PyTorch's by 0.125 "
        f"({reference.image_names[4]}), tolerance {converted.spec.tolerance.atol:g}",
        "fp16": "",
        "int8": "",
    }


@pytest.mark.parametrize("name", ["int8", "fp16"])
def test_logits_that_differ_from_onnxruntimes(convert: Callable[..., Converted], name: str) -> None:
    converted = convert(plannable)
    variants = [
        replace(
            variant, golden={**variant.golden, "logits": (np.add(variant.golden["logits"], 0.5)).tolist()}
        )
        if variant.name == name
        else variant
        for variant in converted.variants
    ]
    reasons = replace(converted, variants=tuple(variants)).reasons()
    assert [variant for variant, reason in reasons.items() if reason] == [name]
    assert (
        f"with {name} weights the relaxed engine's logits differ from onnxruntime's by 0.5 (golden input)"
        in reasons[name]
    )


def test_nan_is_refused(convert: Callable[..., Converted]) -> None:
    """Although every comparison with NaN is false."""
    converted = convert(plannable)
    logits = converted.reference.logits[1].copy()
    logits[1, 0] = np.nan
    reference = replace(converted.reference, logits={**converted.reference.logits, 1: logits})
    assert "by nan" in replace(converted, reference=reference).reasons()["fp32"]


def test_plan_that_the_engine_refuses(convert: Callable[..., Converted]) -> None:
    converted = convert(plannable)
    plan = plan_model(onnx.load_from_string(converted.split.graph))
    reasons = converted.reasons(replace(plan, content=plan.content[:-4]))
    assert "int8 weights: engine_check found no plan, or an incomplete one" in reasons["int8"]


@pytest.mark.parametrize("wrong", ["relaxed", "plain"])
def test_each_build_is_judged(
    convert: Callable[..., Converted], monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """The engine build with wrong logits is named, whichever it is."""
    converted = convert(plannable)
    run = WasmEngine.run

    def off(self: WasmEngine, x: NDArray[np.float32], threads: int = 1) -> NDArray[np.float32]:
        found = run(self, x, threads)
        return found + 0.5 if self.module == converted.modules[wrong] else found

    monkeypatch.setattr(WasmEngine, "run", off)
    assert f"with fp32 weights the {wrong} engine's logits differ" in converted.reasons()["fp32"]
