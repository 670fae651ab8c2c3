"""Variants of a model: made, measured, and kept or refused by the gate."""

from dataclasses import replace
from pathlib import Path

import pytest

from converter import variants
from converter.cache import Entry
from converter.catalog import Gate, ModelSpec, load_catalog
from converter.checkpoint import load_model
from converter.encodings import ENCODINGS, Tensors, Weight
from converter.errors import CatalogError, VerificationError
from converter.export import export_onnx
from converter.parts import join_parts
from converter.reference import ReferenceRun, capture_reference
from converter.split import split_model
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    return catalog["mobilenet_emotion"]


@pytest.fixture(scope="module")
def reference(spec: ModelSpec) -> ReferenceRun:
    return capture_reference(load_model(spec, None), spec)


@pytest.fixture(scope="module")
def exported(spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(load_model(spec, None), spec, path)
    return path.read_bytes()


@pytest.fixture
def entry(exported: bytes, tmp_path: Path) -> Entry:
    made = Entry(tmp_path)
    made.model.write_bytes(exported)
    return made


def names(made: variants.Variants) -> tuple[list[str], list[str]]:
    return [variant.name for variant in made.kept], [refused.name for refused in made.refused]


def test_smallest_is_the_default(entry: Entry, spec: ModelSpec, reference: ReferenceRun) -> None:
    made = variants.make_variants(entry, split_model(entry.model), spec, reference)
    assert names(made) == (["int8", "fp16", "fp32"], [])
    for variant in made.kept:
        assert len(join_parts(entry.folder, variant.weights.as_dict())) == variant.weights.size
        assert len(variant.logits) == len(reference.image_names)
    exact = made.kept[-1]
    # Of the exact one the self-check's logits are PyTorch's own, not what onnxruntime makes of them.
    assert exact.golden["logits"] == reference.golden_logits.tolist()
    assert made.kept[0].golden["logits"] != exact.golden["logits"]


def test_gate_refuses_with_figures(entry: Entry, spec: ModelSpec, reference: ReferenceRun) -> None:
    strict = replace(spec, gate=Gate(top1_agreement=1, probabilities_max_abs_diff=1e-3))
    made = variants.make_variants(entry, split_model(entry.model), strict, reference)
    assert names(made) == (["fp16", "fp32"], ["int8"])
    (refused,) = made.refused
    assert "a probability differs by 0.00" in refused.reason
    assert "allowed are 0.001" in refused.reason
    assert refused.verification is not None
    assert refused.verification["probabilities_max_abs_diff"] > 1e-3
    of_kept = [part for file in (made.graph, *(v.weights for v in made.kept)) for part in file.parts]
    left = {path.relative_to(entry.folder).as_posix() for path in entry.folder.glob("models/parts/*")}
    assert left == {part.path for part in of_kept}, "nothing of it is left"


def test_other_labels_are_refused(
    entry: Entry, spec: ModelSpec, reference: ReferenceRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights rounded so coarsely that pictures get other labels."""

    def coarse(weight: Weight) -> Tensors:
        return {weight.name: (weight.values * 4).round() / 4}

    monkeypatch.setattr(variants, "ENCODINGS", {"fp32": ENCODINGS["fp32"], "coarse": coarse})
    made = variants.make_variants(
        entry, split_model(entry.model), replace(spec, gate=Gate(0.99, 1)), reference
    )
    assert names(made) == (["fp32"], ["coarse"])
    assert "top-1 agreement" in made.refused[0].reason
    assert "expected at least 99.00%" in made.refused[0].reason


def test_numbers_that_are_not_finite_are_refused(
    entry: Entry, spec: ModelSpec, reference: ReferenceRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(weight: Weight) -> Tensors:
        return {weight.name: weight.values * float("nan")}

    monkeypatch.setattr(variants, "ENCODINGS", {"fp32": ENCODINGS["fp32"], "broken": broken})
    made = variants.make_variants(entry, split_model(entry.model), spec, reference)
    assert names(made) == (["fp32"], ["broken"])
    assert "NaN or infinite" in made.refused[0].reason
    assert made.refused[0].verification is None


def test_exact_weights_must_give_pytorchs_numbers(
    entry: Entry, spec: ModelSpec, reference: ReferenceRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in taking the model apart stops the build; it does not become a refused variant."""

    def wrong(weight: Weight) -> Tensors:
        return {weight.name: weight.values[::-1].copy() if weight.name == "w3" else weight.values}

    monkeypatch.setattr(variants, "ENCODINGS", {"fp32": wrong})
    with pytest.raises(VerificationError, match="not PyTorch's"):
        variants.make_variants(entry, split_model(entry.model), spec, reference)


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
