"""model_info.json: the table of cases that the loader's test uses too."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.sites import manifest_of
from tests.conftest import ROOT
from torch2web.errors import ManifestError
from torch2web.site.manifest.check import check_manifest, read_manifest

TABLE: dict[str, Any] = json.loads((ROOT / "tests/cases/manifests.json").read_text())


def changed(case: dict[str, Any]) -> object:
    """The valid manifest with the case's change."""
    manifest = copy.deepcopy(TABLE["good"])
    if "set" in case:
        *path, value = case["set"]
        if not path:
            return value
        _at(manifest, path[:-1])[path[-1]] = value
    for *path, last in [*case.get("removes", []), *([case["remove"]] if "remove" in case else [])]:
        del _at(manifest, path)[last]
    return manifest


def _at(manifest: Any, path: list[str | int]) -> Any:
    for key in path:
        manifest = manifest[key]
    return manifest


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_case_table(case: dict[str, Any]) -> None:
    if case["key"] is None:
        check_manifest(changed(case))
        return
    with pytest.raises(ManifestError) as caught:
        check_manifest(changed(case))
    assert caught.value.key == case["key"]
    assert case["says"] in caught.value.problem


def test_names_are_distinct() -> None:
    manifest = copy.deepcopy(TABLE["good"])
    manifest["models"].append(copy.deepcopy(manifest["models"][0]))
    with pytest.raises(ManifestError, match=r'models\[1\]\.name: found "mobilenet_emotion" twice'):
        check_manifest(manifest)


def test_broken_json() -> None:
    with pytest.raises(ManifestError, match="not valid JSON"):
        read_manifest(b"{")


def test_built_manifest(demo_site: Path) -> None:
    manifest = read_manifest((demo_site / "models/model_info.json").read_bytes())
    models = {model["name"]: model for model in manifest["models"]}
    assert list(models) == ["mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion"]
    mebibytes = {name: model["plain"]["size"] / 2**20 for name, model in models.items()}
    assert 8.4 <= mebibytes["mobilenet_emotion"] <= 8.5
    assert round(mebibytes["landmark_cnn_emotion"], 2) == 196.37
    assert 15.2 <= mebibytes["efficientnet_emotion"] <= 15.4
    for model in models.values():
        assert model["opset"] == 12
        assert model["input"] == {"name": "input", "dtype": "float32", "shape": ["batch", 3, 224, 224]}
        assert model["output"] == {"name": "output", "dtype": "float32", "shape": ["batch", 4]}
        assert model["provenance"]["weights"] == "demo"
        figures = model["verification"]
        assert 0 < figures["logits_max_abs_diff"] <= 1e-4
        assert figures["logits_spread"] > 0.5
        assert figures["top1_classes"] == 4
        assert not figures["dead"]


def test_variants_are_smaller_and_as_close_as_the_gate_asks(demo_site: Path) -> None:
    for model in manifest_of(demo_site)["models"]:
        sizes = [variant["weights"]["size"] for variant in model["variants"]]
        assert sizes == sorted(sizes), "the smallest is the default"
        # A quarter of the numbers' bytes; coded, those of fp32 shrink more.
        assert sizes[-1] > 3 * sizes[0]
        for variant in model["variants"]:
            figures = variant["verification"]
            assert figures["top1_agreement"] >= model["gate"]["top1_agreement"] == 0.99
            assert figures["probabilities_max_abs_diff"] <= model["gate"]["probabilities_max_abs_diff"]
            # Rounded weights change the logits: a difference of 0 would mean that nothing was rounded.
            exact = figures["logits_max_abs_diff"] <= 1e-4
            assert exact == (variant["name"] == "fp32")
    refused = [entry["name"] for model in manifest_of(demo_site)["models"] for entry in model["refused"]]
    assert refused == ["int4_matrix"], "and why is said"


def test_checksums_are_plain_and_right(demo_site: Path) -> None:
    folder = demo_site / "models"
    checksums = json.loads((folder / "model_checksums.json").read_text())
    files = [path for path in folder.rglob("*") if path.is_file()]
    present = {path.relative_to(folder).as_posix() for path in files} - {"model_checksums.json"}
    assert set(checksums) == present
    for name, digest in checksums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    for model in json.loads((folder / "model_info.json").read_text())["models"]:
        parts = [part for variant in model["variants"] for part in variant["weights"]["parts"]]
        for file in (model["plain"], *model["graph"]["parts"], *parts):
            assert checksums[file["path"].removeprefix("models/")] == file["sha256"]
