"""A model's files in the site: links to cached files, or split again where these are too large."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from torch2web.catalog.load import ModelSpec
from torch2web.errors import OutputError
from torch2web.site.manifest.backends import Backends
from torch2web.site.manifest.delivery import Delivery
from torch2web.site.manifest.records import ModelRecord, Weights
from torch2web.site.writers import models as placing
from torch2web.store.conversions import MODEL, CachedConversion
from torch2web.store.hashing import record_of, sha256_of, write_bytes_hashed
from torch2web.store.parts import PARTS, PartedFile, join_parts, write_parts
from torch2web.store.verified_files import VerifiedFiles

SIZE = 400
CONTENT = bytes(range(250)) * 5


@pytest.fixture
def conversion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CachedConversion:
    monkeypatch.setattr(placing, "PART_SIZE", SIZE)
    folder = tmp_path / "variants"
    model = write_bytes_hashed(folder, MODEL, b"onnx")
    graph = write_parts(folder, PARTS, b"graph", SIZE)
    weights = write_parts(folder, PARTS, CONTENT, SIZE)
    variant: dict[str, Any] = {"name": "fp32", "weights": asdict(weights), "calibration_images": 0}
    variant |= {"verification": {}, "golden": {}, "logits": {}, "bounds": [], "search": []}
    plan = write_parts(folder, PARTS, b"plan", SIZE)
    record: dict[str, Any] = {
        "model": asdict(model),
        "graph": asdict(graph),
        "plan": asdict(plan),
        "tiles": {"conv": 4},
        "no_plan": "",
        "no_graph": "",
        "float64": None,
        "heatmap": None,
        "features": None,
        "task": {"kind": "softmax"},
        "source": {},
        "outputs": 4,
        "complexity": {"parameters": 1, "macs": 1},
    }
    record |= {
        "variants": [variant],
        "golden": {},
        "refused": [],
        "verification": {},
        "reference": {},
    }
    files = VerifiedFiles.check(folder, [model, *graph.parts, *plan.parts, *weights.parts])
    assert files is not None
    return CachedConversion(record, files)


def place(
    conversion: CachedConversion,
    spec: ModelSpec,
    root: Path,
    *,
    most: int = 2**20,
    plain: bool = True,
    backends: Backends = Backends.BOTH,
) -> ModelRecord:
    delivery = Delivery(max_file_size=most, full_onnx=plain, backends=backends)
    return placing.place_model(root, spec, Weights("weights", "", demo=True), conversion, delivery)


@pytest.fixture
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    return catalog["mobilenet_emotion"]


def weights_of(record: ModelRecord) -> PartedFile:
    return record.variants[0].weights


def test_files_are_links_and_as_recorded(
    conversion: CachedConversion, spec: ModelSpec, tmp_path: Path
) -> None:
    root = tmp_path / "site"
    record = place(conversion, spec, root)
    assert {file.path for file in record.files} == {
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()
    }
    for file in record.files:
        assert record_of(root, file.path) == file
        source = MODEL if file == record.plain else file.path
        assert (root / file.path).samefile(conversion.files.folder / source)
    assert join_parts(root, weights_of(record).as_dict()) == CONTENT


@pytest.mark.parametrize("most", [1, 100, SIZE - 1])
def test_smaller_parts_on_demand(
    conversion: CachedConversion, spec: ModelSpec, tmp_path: Path, most: int
) -> None:
    root = tmp_path / "site"
    record = place(conversion, spec, root, most=most)
    assert max(part.size for part in weights_of(record).parts) == most
    assert weights_of(record).sha256 == weights_of(place(conversion, spec, tmp_path / "other")).sha256
    assert join_parts(root, weights_of(record).as_dict()) == CONTENT
    for part in weights_of(record).parts:
        assert sha256_of(root / part.path) == part.sha256


def test_without_the_whole_model(conversion: CachedConversion, spec: ModelSpec, tmp_path: Path) -> None:
    assert place(conversion, spec, tmp_path / "site", plain=False).plain is None
    assert not list((tmp_path / "site").rglob("*.onnx"))


@pytest.mark.parametrize("backends", Backends)
def test_how_it_is_run(
    conversion: CachedConversion, spec: ModelSpec, tmp_path: Path, backends: Backends
) -> None:
    conversion.record["no_plan"] = "Einsum: not known"
    record = place(conversion, spec, tmp_path / "site", backends=backends)
    assert bool(record.graph) == (backends in (Backends.ONNXRUNTIME, Backends.BOTH))
    assert bool(record.plan) == (backends in (Backends.COMPILED, Backends.BOTH))
    assert record.no_plan == ("Einsum: not known" if backends.with_engine else ""), "where one was wanted"
    conversion.record["plan"] = None
    assert place(conversion, spec, tmp_path / "other", backends=backends).plan is None


def test_parts_in_another_order_are_not_the_file(
    conversion: CachedConversion, spec: ModelSpec, tmp_path: Path
) -> None:
    conversion.record["variants"][0]["weights"]["parts"] = conversion.record["variants"][0]["weights"][
        "parts"
    ][::-1]
    with pytest.raises(OutputError, match="its parts make up SHA-256"):
        place(conversion, spec, tmp_path / "site", most=100)


@pytest.mark.parametrize("most", [100, SIZE])
def test_part_that_changed_after_it_was_verified(
    conversion: CachedConversion, spec: ModelSpec, tmp_path: Path, most: int
) -> None:
    part = conversion.files.folder / conversion.record["variants"][0]["weights"]["parts"][1]["path"]
    part.write_bytes(part.read_bytes()[::-1])
    with pytest.raises(OutputError, match="it changed after it was verified"):
        place(conversion, spec, tmp_path / "site", most=most)
