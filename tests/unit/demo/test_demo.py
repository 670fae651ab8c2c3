"""The demo weights are trained, small, and right on faces that they were not trained on."""

import json
import lzma
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from torch2web.demo import weights
from torch2web.demo.faces import LABELS, draw_face
from torch2web.demo.train import TEST_FACES, TEST_SEED, accuracy, draw_set
from torch2web.demo.weights import FOLDER, random_projection, weights_file
from torch2web.errors import CheckpointError

ARCHITECTURES = ("mobilenet_v2", "landmark_cnn", "efficientnet_b0")


@pytest.fixture(scope="module")
def recorded() -> dict[str, dict[str, float]]:
    return cast("dict[str, dict[str, float]]", json.loads((FOLDER / "accuracy.json").read_text()))


@pytest.fixture(scope="module")
def unseen():  # type: ignore[no-untyped-def]
    return draw_set(TEST_SEED, TEST_FACES)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_right_on_unseen_faces(name: str, recorded: dict[str, dict[str, float]], unseen) -> None:  # type: ignore[no-untyped-def]
    share = accuracy(name, *unseen)
    assert share >= 0.95
    assert recorded[name]["faces"] == TEST_FACES
    # One face of tolerance for processors that round sums differently.
    assert share == pytest.approx(recorded[name]["accuracy"], abs=1.1 / TEST_FACES)


def test_small_enough_for_a_repository() -> None:
    assert sum(weights_file(name).stat().st_size for name in ARCHITECTURES) <= 16 * 2**20


def test_stored_weights_load_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    state = {"fc1.weight": torch.zeros(2), "fc2.weight": torch.linspace(0, 1, 7), "seen": torch.tensor(3)}
    weights.save_demo_state("landmark_cnn", state)
    loaded = weights.load_demo_state("landmark_cnn")
    assert loaded.keys() == state.keys()
    assert torch.equal(loaded["fc2.weight"], state["fc2.weight"].half().float())
    assert torch.equal(loaded["seen"], state["seen"])
    assert loaded["fc1.weight"].shape == (512, 128 * 28 * 28)  # generated, as it is too large


def damaged(content: bytes) -> dict[str, bytes]:
    middle = len(content) // 2
    return {
        "cut short": content[:-1],
        "changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "empty": b"",
        "of another kind": lzma.compress(b"{}"),
    }


@pytest.mark.parametrize("damage", ["cut short", "changed", "empty", "of another kind"])
def test_damaged_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    content = weights_file("landmark_cnn").read_bytes()
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    weights_file("landmark_cnn").write_bytes(damaged(content)[damage])
    with pytest.raises(CheckpointError, match="the demo weights cannot be read"):
        weights.load_demo_state("landmark_cnn")


def test_random_projection_is_the_same_everywhere() -> None:
    projection = random_projection(8, 1000)
    assert projection.dtype == np.float32
    assert projection[0, :3].tolist() == [-0.01165780983865261, 0.029444655403494835, 0.00632590614259243]
    assert np.abs(projection).max() <= 1 / np.sqrt(1000)
    assert abs(float(projection.mean())) < 0.001


@pytest.mark.parametrize("label", LABELS)
def test_faces_follow_from_label_and_seed(label: str) -> None:
    first = draw_face(label, 4, (120, 90))
    assert first.size == (120, 90)
    assert first.mode == "RGB"
    assert first.tobytes() == draw_face(label, 4, (120, 90)).tobytes()
    assert first.tobytes() != draw_face(label, 5, (120, 90)).tobytes()


def test_unknown_state() -> None:
    with pytest.raises(ValueError, match="no drawn face for 'Angry': one of Bored"):
        draw_face("Angry", 1)
