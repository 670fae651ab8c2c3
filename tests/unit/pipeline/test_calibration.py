"""The manifest says on how many calibration pictures a variant was rounded with error compensation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.sites import manifest_of
from tests.materials import MATERIALS
from tests.tiny_network import plannable
from torch2web.catalog import ReferenceImage
from torch2web.catalog.load import ModelSpec
from torch2web.pipeline import BuildOptions, build
from torch2web.pipeline.conversion.calibration import calibration_inputs
from torch2web.site.manifest import Delivery
from torch2web.site.report import read_data
from torch2web.tasks import Gate
from torch2web.verification import calibration_images


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


def test_extremes_count_half(catalog: dict[str, ModelSpec]) -> None:
    class Own:
        def on_stage(self, *_: object) -> None:
            pass

        def calibration_images(self) -> tuple[ReferenceImage, ...]:
            return (ReferenceImage("own", Image.new("RGB", (9, 9))),)

    own: Any = Own()
    found = calibration_inputs(catalog["mobilenet_emotion"], MATERIALS, own)
    drawn = MATERIALS.calibration_images()
    extremes = calibration_images(drawn)[len(drawn) :]
    assert extremes[0].name == "calibration-dark"
    assert found.weights == [1] * len(drawn) + [0.5] * len(extremes) + [1]
    assert len(found.pictures) == len(found.weights)


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
    assert steps.count("MobileNetV2: searching the smallest weights (--effort fast skips it)") > 2
    assert len(steps) <= 60
    (data,) = read_data(tmp_path / "site")["models"]
    points = data["variants"][0]["search"]
    assert points == sorted(points)
    assert min(share for _, share in points) <= 0.8
