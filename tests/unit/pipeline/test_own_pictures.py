"""A build with the user's images: accuracy in manifest and console; the images are not published."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser.sites import manifest_of
from tests.smaller import with_size
from tests.tiny_network import plannable
from torch2web.catalog import SiteSettings
from torch2web.catalog.load import ModelSpec
from torch2web.cli.accuracy_tables import print_accuracy
from torch2web.cli.terminal.console import Output
from torch2web.errors import InputError
from torch2web.pipeline import BuildOptions, build
from torch2web.pipeline.compose import BuildReport
from torch2web.progress import ProgressCallback
from torch2web.site.manifest import Delivery
from torch2web.tasks import Gate, Task, TaskKind


@pytest.fixture
def spec(catalog: dict[str, ModelSpec], monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    """A tiny network whose variants always pass the gate."""
    monkeypatch.setattr("torch2web.sources.load.load_model", plannable)
    return with_size(replace(catalog["mobilenet_emotion"], gate=Gate(0, 1)), 32)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three images for each of two labels, with names that occur nowhere else."""
    random = np.random.default_rng(1)
    for label in ("Bored", "Tired"):
        folder = tmp_path / "pictures" / label
        folder.mkdir(parents=True)
        for index in range(3):
            pixels = random.integers(0, 256, (40, 50, 3), np.uint8)
            Image.fromarray(pixels, "RGB").save(folder / f"xyzzy{index}.png")
    return tmp_path / "pictures"


def built(
    spec: ModelSpec,
    folder: Path,
    pictures: Path | None,
    samples: int | None = None,
    progress: ProgressCallback = lambda *_: None,
) -> BuildReport:
    options = BuildOptions(
        models=[(spec, None)],
        out=folder / "site",
        cache=folder / "cache",
        allow_dead=False,
        images=pictures,
        settings=SiteSettings(samples=samples),
        delivery=Delivery(verify_page=True, precompressed=False, variants=("all",)),
    )
    return build(options, progress)


def test_accuracy_is_measured_and_pictures_stay_out(
    catalog: dict[str, ModelSpec],
    tmp_path: Path,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("torch2web.sources.load.load_model", plannable)
    spec = replace(catalog["mobilenet_emotion"], gate=Gate(0, 1))
    steps: list[tuple[str, float, int, str]] = []
    report = built(
        spec,
        tmp_path,
        pictures,
        progress=lambda text, done, total, detail="": steps.append((text, done, total, detail)),
    )
    assert report.own_samples == 0
    assert all(0 <= done < total for _, done, total, _ in steps)
    assert [done for _, done, _, _ in steps] == sorted(done for _, done, _, _ in steps)
    assert sum("measuring the accuracy of" in text and not detail for text, _, _, detail in steps) == 4
    (model,) = manifest_of(tmp_path / "site")["models"]
    accuracy = model["verification"]["accuracy"]
    assert accuracy["images"] == sum(map(sum, accuracy["confusion"])) == 6
    assert [sum(row) for row in accuracy["confusion"]] == [3, 0, 0, 3]
    assert model["verification"]["images"] == 36
    assert [variant["name"] for variant in model["variants"]] == ["int8", "fp16", "fp32"]
    assert all(variant["verification"]["accuracy"]["images"] == 6 for variant in model["variants"])
    for path in (tmp_path / "site").rglob("*"):
        assert "xyzzy" not in path.name
        assert path.is_dir() or b"xyzzy" not in path.read_bytes(), path
    print_accuracy(Output(), report.models[0].record)
    printed = capsys.readouterr().out
    assert "accuracy on 6 pictures" in printed
    assert f"mobilenet_emotion PyTorch  {accuracy['share']:.2%}" in printed

    assert built(spec, tmp_path, pictures).models[0].seconds is None, "the same pictures"
    (pictures / "Tired/xyzzy0.png").unlink()
    assert built(spec, tmp_path, pictures).models[0].seconds is not None


def test_samples_are_published_as_they_are_under_neutral_names(
    spec: ModelSpec, tmp_path: Path, pictures: Path
) -> None:
    report = built(spec, tmp_path, pictures, samples=2)
    site = tmp_path / "site"
    assert report.own_samples == 2
    published = sorted(path.name for path in (site / "samples").glob("*.*"))
    assert published == ["sample-1.png", "sample-2.png"], "in place of the drawn faces"
    for name, original in zip(published, ("Bored/xyzzy0.png", "Tired/xyzzy0.png"), strict=True):
        assert (site / "samples" / name).read_bytes() == (pictures / original).read_bytes()
    page = (site / "index.html").read_text()
    assert 'aria-label="Pictures to try"' in page
    assert 'alt="An example: Tired"' in page
    assert "A drawn face" not in page
    assert "xyzzy" not in page
    assert '"samples/sample-2.png"' in (site / "offline.js").read_text()


@pytest.mark.parametrize(
    ("task", "folder", "says"),
    [
        ("softmax", "", r"there are no pictures: --images DIR names a folder"),
        ("softmax", "none", r"no subfolder of .*none is named like a label, such as Bored, Confused"),
        ("sigmoid", "pictures", r"a model of the task sigmoid has none: a folder names one label"),
    ],
)
def test_gate_on_an_accuracy_that_cannot_be_measured(
    spec: ModelSpec, tmp_path: Path, pictures: Path, task: TaskKind, folder: str, says: str
) -> None:
    (tmp_path / "none/other").mkdir(parents=True)
    shutil.copy(pictures / "Bored/xyzzy0.png", tmp_path / "none/other")
    kind = Task(task).for_labels(4)
    spec = replace(spec, gate=Gate(accuracy_drop=0.1), task=kind)
    with pytest.raises(InputError, match=f"mobilenet_emotion: gate.accuracy_drop .*{says}"):
        built(spec, tmp_path, tmp_path / folder if folder else None)


def test_gate_refuses_a_variant_that_loses_accuracy(
    spec: ModelSpec, tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All variants but the exact one, since the gate asks for the impossible."""
    monkeypatch.setattr("torch2web.pipeline.own_pictures._ROUNDING", -1.0)
    spec = replace(spec, gate=Gate(0, 1, accuracy_drop=0.0))
    built(spec, tmp_path, pictures)
    (model,) = manifest_of(tmp_path / "site")["models"]
    assert [variant["name"] for variant in model["variants"]] == ["fp32"]
    assert [entry["name"] for entry in model["refused"]] == ["fp16", "int8"]
    assert "expected a loss of at most 0.00%" in model["refused"][0]["reason"]
