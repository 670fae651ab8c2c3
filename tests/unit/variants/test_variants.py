"""Variants of a model: built, measured, and accepted or refused by the gate."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.materials import MATERIALS, images
from tests.reference import reference_of
from tests.smaller import with_size
from tests.tiny_network import plannable
from torch2web.catalog.load import ModelSpec, load_catalog
from torch2web.errors import CatalogError, VerificationError
from torch2web.images import preprocess
from torch2web.sources.build_network import load_model
from torch2web.sources.export import export_onnx
from torch2web.store.conversions import Entry
from torch2web.tasks import Gate
from torch2web.variants import selection as variants
from torch2web.variants.encodings import ENCODINGS, Tensors, Weight, as_int8
from torch2web.variants.rounding import Calibration
from torch2web.variants.split import SplitModel, split_model
from torch2web.verification import calibration_images
from torch2web.verification.reference_run import ReferenceRun


@pytest.fixture(scope="module")
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    return with_size(catalog["mobilenet_emotion"], 96)


@pytest.fixture(scope="module")
def reference(spec: ModelSpec) -> ReferenceRun:
    return reference_of(load_model(spec, None, MATERIALS), spec, images())


@pytest.fixture(scope="module")
def exported(spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(load_model(spec, None, MATERIALS), spec, path)
    return path.read_bytes()


@pytest.fixture
def entry(exported: bytes, tmp_path: Path) -> Entry:
    made = Entry(tmp_path)
    made.model.write_bytes(exported)
    return made


@dataclass(frozen=True)
class Made:
    kept: list[variants.Variant]
    refused: list[variants.Refused]


@cache
def calibration() -> Calibration:
    preprocessing = load_catalog(ROOT / "models.toml")[0].preprocessing
    pictures = calibration_images(MATERIALS.calibration_images())
    inputs = np.stack([preprocess(picture.image, preprocessing) for picture in pictures])
    return Calibration(inputs, [1] * len(inputs))


def make(entry: Entry, spec: ModelSpec, reference: ReferenceRun) -> Made:
    outcomes = list(variants.make_variants(split_model(entry.model), spec, reference, calibration))
    return Made(
        [outcome for outcome in outcomes if isinstance(outcome, variants.Variant)],
        [outcome for outcome in outcomes if isinstance(outcome, variants.Refused)],
    )


def names(made: Made) -> tuple[list[str], list[str]]:
    return [variant.name for variant in made.kept], [refused.name for refused in made.refused]


def test_every_outcome_is_measured(entry: Entry, spec: ModelSpec, reference: ReferenceRun) -> None:
    made = make(entry, spec, reference)
    assert names(made) == (["fp32", "fp16", "int8"], [])
    for variant in made.kept:
        assert len(variant.logits) == len(reference.image_names)
    exact = made.kept[0]
    # The self-check of the exact variant has PyTorch's float64 logits, not onnxruntime's.
    assert exact.golden["logits"] == reference.golden_truth.tolist()
    assert made.kept[-1].golden["logits"] != exact.golden["logits"]


def test_gate_refuses_with_figures(
    entry: Entry, spec: ModelSpec, reference: ReferenceRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_better(split: SplitModel) -> Tensors:
        return {key: value for weight in split.weights for key, value in as_int8(weight).items()}

    monkeypatch.setattr(variants, "Rounding", lambda split, *_: split)
    monkeypatch.setattr(variants, "encode_compensated", no_better)
    strict = replace(spec, gate=Gate(top1_agreement=1, probabilities_max_abs_diff=1e-3))
    made = make(entry, strict, reference)
    assert names(made) == (["fp32", "fp16"], ["int8"])
    (refused,) = made.refused
    assert "max. difference of a probability 0.0" in refused.reason
    assert refused.reason.endswith("expected at most 0.001; with error compensation")
    assert refused.verification is not None
    assert refused.verification["probabilities_max_abs_diff"] > 1e-3


def test_error_compensation_where_the_nearest_is_refused(
    catalog: dict[str, ModelSpec], tmp_path: Path
) -> None:
    spec, path, network = catalog["mobilenet_emotion"], tmp_path / "model.onnx", plannable()
    reference = reference_of(network, spec, images())
    export_onnx(network, spec, path)
    nearest = make(Entry(tmp_path), replace(spec, gate=Gate(0, 1)), reference).kept[-1]
    assert nearest.calibration_images == 0
    assert not nearest.verification["probabilities_max_abs_diff"] <= spec.gate.probabilities_max_abs_diff
    compensated, again = (make(Entry(tmp_path), spec, reference).kept[-1] for _ in range(2))
    assert compensated.name == "int8"
    assert compensated.calibration_images == len(calibration().pictures) == 30
    assert len(compensated.content) == len(nearest.content)
    assert again.content == compensated.content


def test_other_labels_are_refused(
    entry: Entry, spec: ModelSpec, reference: ReferenceRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights rounded so coarsely that images get other labels."""

    def coarse(weight: Weight) -> Tensors:
        return {weight.name: (weight.values * 4).round() / 4}

    monkeypatch.setattr(variants, "ENCODINGS", {"fp32": ENCODINGS["fp32"], "coarse": coarse})
    made = make(entry, replace(spec, gate=Gate(0.99, 1)), reference)
    assert names(made) == (["fp32"], ["coarse"])
    assert "top-1 agreement" in made.refused[0].reason
    assert "expected at least 99.00%" in made.refused[0].reason


def test_numbers_that_are_not_finite_are_refused(
    entry: Entry, spec: ModelSpec, reference: ReferenceRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(weight: Weight) -> Tensors:
        return {weight.name: weight.values * float("nan")}

    monkeypatch.setattr(variants, "ENCODINGS", {"fp32": ENCODINGS["fp32"], "broken": broken})
    made = make(entry, spec, reference)
    assert names(made) == (["fp32"], ["broken"])
    assert "NaN or infinite" in made.refused[0].reason
    assert made.refused[0].verification is None


def test_exact_weights_must_give_pytorchs_numbers(
    entry: Entry, spec: ModelSpec, reference: ReferenceRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in splitting the model stops the build instead of refusing the variant."""

    def wrong(weight: Weight) -> Tensors:
        return {weight.name: weight.values[::-1].copy() if weight.name == "w3" else weight.values}

    monkeypatch.setattr(variants, "ENCODINGS", {"fp32": wrong})
    with pytest.raises(VerificationError, match="logits exceed the tolerance"):
        make(entry, spec, reference)


def test_gate_of_the_catalogue(tmp_path: Path) -> None:
    text = (ROOT / "models.toml").read_text()
    path = tmp_path / "models.toml"
    path.write_text(
        text.replace(
            "[defaults.preprocessing]", "[defaults.gate]\ntop1_agreement = 0.9\n\n[defaults.preprocessing]", 1
        )
    )
    assert {spec.gate for spec in load_catalog(path)} == {Gate(0.9, 0.02)}
    path.write_text(path.read_text().replace("0.9\n", "90\n", 1))
    with pytest.raises(CatalogError, match="found 90, expected at most 1"):
        load_catalog(path)
