"""The manifest says on how many calibration pictures a variant was rounded with error compensation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.browser.sites import manifest_of
from tests.tiny_network import plannable
from torch2web.catalog.load import ModelSpec
from torch2web.pipeline import BuildOptions, build
from torch2web.site.manifest import Delivery
from torch2web.site.report import read_data
from torch2web.tasks import Gate


def built(
    spec: ModelSpec, folder: Path, monkeypatch: pytest.MonkeyPatch, *, search: bool
) -> tuple[dict[str, Any], list[str]]:
    """The model's entry of a site, and the steps of its build."""
    monkeypatch.setattr("torch2web.sources.load.load_model", plannable)
    steps: list[str] = []
    delivery = Delivery(verify_page=False, precompressed=False, docs=False, variants=("all",))
    options = BuildOptions(
        [(spec, None)], folder / "site", folder / "cache", False, delivery=delivery, search=search
    )
    build(options, lambda step, *_: steps.append(step))
    (model,) = manifest_of(folder / "site")["models"]
    return model, steps


def test_manifest_has_the_number_of_pictures(
    catalog: dict[str, ModelSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, steps = built(catalog["mobilenet_emotion"], tmp_path, monkeypatch, search=False)
    assert model["refused"] == []
    assert {variant["name"]: variant.get("calibration_images") for variant in model["variants"]} == {
        "int8": 30,
        "fp16": None,
        "fp32": None,
    }
    assert "plan" in model
    assert "MobileNetV2: rounding weights with error compensation" in steps


def test_the_smallest_weights_that_pass_are_the_default(
    catalog: dict[str, ModelSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = replace(catalog["mobilenet_emotion"], gate=Gate(0, 0.5))
    model, steps = built(spec, tmp_path, monkeypatch, search=True)
    assert [variant["name"] for variant in model["variants"]] == ["compact", "int8", "fp16", "fp32"]
    assert model["variants"][0]["calibration_images"] == 30
    assert "plan" in model, "the engine reproduces it too"
    assert steps.count("MobileNetV2: searching the smallest weights that pass") > 2
    assert len(steps) <= 60
    (data,) = read_data(tmp_path / "site")["models"]
    points = data["variants"][0]["search"]
    assert points == sorted(points)
    assert min(share for _, share in points) <= 0.8
