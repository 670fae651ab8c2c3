"""The user's images: found, selected evenly over folders, counted, and never named in published files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from torch2web.catalog.load import ModelSpec
from torch2web.errors import OwnImagesError
from torch2web.pipeline.own_pictures import OwnPictures
from torch2web.tasks import Gate, Task
from torch2web.verification import Accuracy, find_images, measure_accuracy, neutral_images

RED, BLUE = (255, 0, 0), (0, 0, 255)


def save(path: Path, color: tuple[int, int, int] = RED) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 20), color).save(path)


@pytest.fixture
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    return catalog["mobilenet_emotion"]


def test_spread_over_subfolders(tmp_path: Path, spec: ModelSpec) -> None:
    for index in range(100):
        save(tmp_path / f"many/{index:03}.png")
    for index in range(5):
        save(tmp_path / f"few/{index}.JPG")
    (tmp_path / "few/notes.txt").write_text("no picture")
    save(tmp_path / ".hidden/0.png")
    own = find_images(tmp_path)
    assert len(own.files) == 105
    chosen = own.chosen()
    assert len(chosen) == 64
    assert sum(file.parts[0] == "few" for file in chosen) == 5
    assert chosen == find_images(tmp_path).chosen()
    calibration = own.calibration_images(spec.preprocessing)
    search = own.search_images(spec.preprocessing)
    assert (len(calibration), len(search)) == (21, 20)
    names = [image.name for image in (*calibration, *search)] + [file.as_posix() for file in chosen]
    assert len(set(names)) == len(names) == 105


def test_labels_are_folders(tmp_path: Path, spec: ModelSpec) -> None:
    save(tmp_path / "Tired/a.png")
    save(tmp_path / "Bored/deep/b.png")
    save(tmp_path / "Other/c.png")
    save(tmp_path / "d.png")
    found = {file.as_posix(): label for file, label in find_images(tmp_path).labelled(spec.labels)}
    assert found == {"Tired/a.png": spec.labels.index("Tired"), "Bored/deep/b.png": 0}


@pytest.mark.parametrize(
    ("folder", "says"), [("none", "there is no such folder"), ("empty", "found no picture in it or below")]
)
def test_no_pictures(tmp_path: Path, folder: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(OwnImagesError, match=says):
        find_images(tmp_path / folder)


def test_damaged_picture_is_named(tmp_path: Path, spec: ModelSpec) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(OwnImagesError, match=r"a\.png: it cannot be read as a picture"):
        find_images(tmp_path).reference_images(spec.preprocessing)


def test_other_content_is_another_fingerprint(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    before = find_images(tmp_path).fingerprint()
    save(tmp_path / "a.png", BLUE)
    assert find_images(tmp_path).fingerprint() != before


def by_red(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Predicts Bored for red images, else Tired: labels 0 and 3."""
    red = inputs[:, 0].mean(axis=(1, 2)) > 0
    return np.where(red[:, None], [9.0, 0, 0, 0], [0, 0, 0, 9.0]).astype(np.float32)


def test_accuracy_and_confusion(tmp_path: Path, spec: ModelSpec) -> None:
    for index in range(10):
        save(tmp_path / f"Bored/{index}.png", RED if index < 7 else BLUE)
    save(tmp_path / "Tired/0.png", BLUE)
    steps: list[tuple[int, int]] = []
    own = find_images(tmp_path)
    found = measure_accuracy(by_red, spec, own, lambda *step: steps.append(step))
    assert found is not None
    assert found.as_dict() == {
        "images": 11,
        "share": 8 / 11,
        "confusion": [[7, 0, 0, 3], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]],
    }
    assert steps == [(0, 11), (8, 11)]
    binary = replace(spec, task=Task("binary").for_labels(2), labels=("Tired", "Bored"))
    found = measure_accuracy(lambda inputs: by_red(inputs)[:, :1] - 4, binary, own, lambda *_: None)
    assert found is not None
    assert found.confusion == ((1, 0), (3, 7)), "Bored where the one number is positive"
    independent = replace(spec, task=Task("sigmoid"))
    assert measure_accuracy(by_red, independent, own, lambda *_: None) is None


def test_gate_on_accuracy(spec: ModelSpec) -> None:
    before, after = Accuracy(((99, 1), (0, 100))), Accuracy(((97, 3), (0, 100)))
    for allowed, reason in ((None, ""), (0.01, ""), (0.005, "expected a loss of at most 0.50%")):
        pictures = OwnPictures(None, replace(spec, gate=Gate(accuracy_drop=allowed)), print)
        found = pictures.why_less_accurate(before, after)
        assert reason in found
        assert bool(found) == bool(reason)


def test_nothing_published_names_a_picture(tmp_path: Path, spec: ModelSpec) -> None:
    save(tmp_path / "Bored/secret.png")
    pictures = OwnPictures(find_images(tmp_path), spec, print)
    assert pictures.published({"black": 1, "Bored/secret.png": 2}) == {"black": 1}
    figures = pictures.verification({"worst_image": "Bored/secret.png"}, None)
    assert figures == {"worst_image": "a picture of --images"}
    assert pictures.anonymous("off (Bored/secret.png)") == "off (a picture of --images)"


def test_neutral_pictures_are_the_same_ones_and_differ() -> None:
    images, again = neutral_images(), neutral_images()
    contents = [image.image.tobytes() for image in images]
    assert contents == [image.image.tobytes() for image in again]
    assert len(set(contents)) == len({image.name for image in images}) == 20
    assert all(np.asarray(image.image).std() > 5 for image in images)
