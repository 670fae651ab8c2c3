"""A model's plan: kept where the engine gives every variant's numbers, else left out with the figures."""

from collections.abc import Callable
from ctypes import CDLL
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from torch import nn

from converter import compiled
from converter.cache import Entry
from converter.catalog import Gate, ModelSpec
from converter.compiled import Compiled, make_plan
from converter.engine import native_engine
from converter.export import export_onnx
from converter.parts import join_parts
from converter.plan import Plan, plan_model
from converter.reference import ReferenceRun, capture_reference
from converter.split import SplitModel, split_model
from converter.variants import Variants, make_variants
from tests.tiny_network import plannable, unplannable


@dataclass(frozen=True)
class Converted:
    """Everything that a plan is made of and judged with."""

    library: CDLL
    entry: Entry
    split: SplitModel
    spec: ModelSpec
    reference: ReferenceRun
    variants: Variants

    def plan(self) -> Compiled:
        return make_plan(self.library, self.entry, self.split, self.spec, self.reference, self.variants)


@pytest.fixture
def convert(catalog: dict[str, ModelSpec], cache: Path, tmp_path: Path) -> Callable[..., Converted]:
    def convert(make: Callable[[], nn.Module]) -> Converted:
        spec = replace(catalog["mobilenet_emotion"], gate=Gate(0, 1))  # of no matter here
        entry, model = Entry(tmp_path), make()
        reference = capture_reference(model, spec)
        export_onnx(model, spec, entry.model)
        split = split_model(entry.model)
        variants = make_variants(entry, split, spec, reference)
        assert [variant.name for variant in variants.kept] == ["int8", "fp16", "fp32"]
        return Converted(native_engine(cache / "web"), entry, split, spec, reference, variants)

    return convert


def test_plan_that_passes_is_kept(convert: Callable[..., Converted]) -> None:
    converted = convert(plannable)
    made = converted.plan()
    assert made.no_plan == ""
    assert made.plan is not None
    content = join_parts(converted.entry.folder, made.plan.as_dict())
    assert content == plan_model(onnx.load_from_string(converted.split.graph)).content


def test_unknown_operator_is_named(convert: Callable[..., Converted]) -> None:
    made = convert(unplannable).plan()
    assert made.plan is None
    assert made.no_plan.startswith("Erf ")


def test_other_numbers_than_pytorchs(convert: Callable[..., Converted]) -> None:
    converted = convert(plannable)
    logits = converted.reference.logits[1].copy()
    logits[4, 2] += 0.125
    reference = replace(converted.reference, logits={**converted.reference.logits, 1: logits})
    made = replace(converted, reference=reference).plan()
    assert made.plan is None
    assert made.no_plan == (
        f"with fp32 weights its logits differ from PyTorch's by 0.125 ({reference.image_names[4]}), "
        f"allowed are {converted.spec.tolerance:g}"
    )


@pytest.mark.parametrize("name", ["int8", "fp16"])
def test_other_numbers_than_onnxruntimes(convert: Callable[..., Converted], name: str) -> None:
    converted = convert(plannable)
    kept = [
        replace(
            variant, golden={**variant.golden, "logits": (np.add(variant.golden["logits"], 0.5)).tolist()}
        )
        if variant.name == name
        else variant
        for variant in converted.variants.kept
    ]
    made = replace(converted, variants=replace(converted.variants, kept=tuple(kept))).plan()
    assert made.plan is None
    assert f"with {name} weights its logits differ from onnxruntime's by 0.5 (golden input)" in made.no_plan


def test_not_a_number_is_no_number(convert: Callable[..., Converted]) -> None:
    """Whatever a comparison with NaN says."""
    converted = convert(plannable)
    logits = converted.reference.logits[1].copy()
    logits[0, 0] = np.nan
    reference = replace(converted.reference, logits={**converted.reference.logits, 1: logits})
    assert "by nan" in replace(converted, reference=reference).plan().no_plan


def test_plan_that_the_engine_refuses(
    convert: Callable[..., Converted], monkeypatch: pytest.MonkeyPatch
) -> None:
    converted = convert(plannable)

    def damaged(*arguments: object, **options: object) -> Plan:
        plan = plan_model(*arguments, **options)  # type: ignore[arg-type]
        return replace(plan, content=plan.content[:-4])

    monkeypatch.setattr(compiled, "plan_model", damaged)
    made = converted.plan()
    assert made.plan is None
    assert "int8 weights: engine_check found not a plan, or not a whole one" in made.no_plan
