"""The choice of each model's checkpoint file."""

from pathlib import Path

import pytest

from tests.conftest import ROOT
from torch2web.errors import CheckpointError
from torch2web.pipeline import choose_models

OWN = """
[[models]]
name = "own"
checkpoint = "runs/7/best.pth"
factory = "nets:build"
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    path = tmp_path / "models.toml"
    path.write_text((ROOT / "models.toml").read_text() + OWN)
    return path


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_files_beside_the_catalogue(catalog: Path) -> None:
    own = put(catalog.parent / "runs/7/best.pth")
    demo = put(catalog.parent / "landmark_epoch35.pth")
    found = {spec.name: path for spec, path in choose_models(catalog)}
    assert found == {
        "mobilenet_emotion": None,
        "landmark_cnn_emotion": demo,
        "efficientnet_emotion": None,
        "own": own,
    }


def test_a_missing_file_is_named(catalog: Path) -> None:
    with pytest.raises(CheckpointError, match=r"runs/7/best\.pth: there is no such file"):
        choose_models(catalog)
    assert len(choose_models(catalog, only=["mobilenet_emotion"])) == 1


def test_a_folder_has_the_files_of_all(catalog: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    own = put(folder / "runs/7/best.pth")
    with pytest.raises(CheckpointError, match=r"mobile_epoch35\.pth"):
        choose_models(catalog, checkpoints=folder)
    ((_, path),) = choose_models(catalog, ["own"], folder)
    assert path == own
