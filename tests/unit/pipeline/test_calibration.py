"""The manifest says on how many calibration pictures a variant was rounded with error compensation."""

from pathlib import Path

import pytest

from tests.browser.sites import manifest_of
from tests.tiny_network import plannable
from torch2web.catalog.load import ModelSpec
from torch2web.pipeline import BuildOptions, build
from torch2web.site.manifest import Delivery


def test_manifest_has_the_number_of_pictures(
    catalog: dict[str, ModelSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch2web.sources.load.load_model", plannable)
    steps: list[str] = []
    delivery = Delivery(verify_page=False, precompressed=False, docs=False, variants=("all",))
    models = [(catalog["mobilenet_emotion"], None)]
    options = BuildOptions(models, tmp_path / "site", tmp_path / "cache", False, delivery=delivery)
    build(options, lambda step, *_: steps.append(step))
    (model,) = manifest_of(tmp_path / "site")["models"]
    assert model["refused"] == []
    assert {variant["name"]: variant.get("calibration_images") for variant in model["variants"]} == {
        "int8": 24,
        "fp16": None,
        "fp32": None,
    }
    assert "plan" in model
    assert "MobileNetV2: rounding weights with error compensation" in steps
