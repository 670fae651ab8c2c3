"""`build` with the user's checkpoints, valid and invalid."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.conftest import ROOT, run_build, tree
from tests.tiny_network import relu_network, write_tiny_catalog
from torch2web.demo.weights import load_demo_state


def test_build_prints_a_plain_table(tmp_path: Path, cache: Path) -> None:
    options = ("--only", "mobilenet_emotion", "--no-precompressed", "--out", tmp_path / "site")
    result = run_build(*options, "--cache", cache)
    assert result.returncode == 0
    assert "demo weights" in result.stdout.splitlines()[0]
    heading = next(line for line in result.stdout.splitlines() if line.startswith("model "))
    assert heading.split("  ")[0] == "model"
    for column in ("size", "export", "max diff", "mean diff", "same answer", "seconds"):
        assert column in heading
    assert "max diff: largest difference from PyTorch's raw scores" in result.stdout
    assert "smaller weights" not in result.stdout
    row = next(line for line in result.stdout.splitlines() if line.startswith("mobilenet_emotion"))
    assert "8.4" in row
    assert "opset 12" in row
    assert "30 of 30" in row
    assert "\x1b" not in result.stdout, "no colours where stdout is no terminal"


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real checkpoints in three layouts that training scripts write."""
    folder = tmp_path_factory.mktemp("checkpoints")
    states = {name: load_demo_state(name) for name in ("mobilenet_v2", "landmark_cnn", "efficientnet_b0")}
    torch.save({"model_state_dict": states["mobilenet_v2"], "epoch": 35}, folder / "mobile_epoch35.pth")
    torch.save(states["landmark_cnn"], folder / "landmark_epoch35.pth")
    parallel = {f"module.{key}": value for key, value in states["efficientnet_b0"].items()}
    torch.save({"state_dict": parallel}, folder / "effnet_epoch35.pth")
    return folder


def test_own_checkpoints(checkpoints: Path, demo_site: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    options = ("--variants", "all", "--effort", "fast", "--no-precompressed", "--no-verify-page", "--no-docs")
    result = run_build("--checkpoints", checkpoints, *options, "--out", site, "--cache", tmp_path / "cache")
    assert result.returncode == 0, result.stderr
    assert "demo" not in result.stdout
    info = json.loads((site / "models/model_info.json").read_text())
    assert [model["provenance"]["weights"] for model in info["models"]] == ["checkpoint"] * 3
    assert info["models"][0]["provenance"]["checkpoint"]["name"] == "mobile_epoch35.pth"
    page = (site / "index.html").read_text()
    assert "Demo weights" not in page
    assert "mobile_epoch35.pth" in page
    for name in ("mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion"):
        path = f"models/{name}.onnx"
        assert (site / path).read_bytes() == (demo_site / path).read_bytes(), (
            "the same weights, the same file"
        )
    parts, demo = ({path.name for path in folder.glob("models/parts/*")} for folder in (site, demo_site))
    assert parts, "named by their contents"
    assert parts < demo, "the demo has the searched weights, too"


def without_one(folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "some"
    copy.mkdir()
    for name in ("mobile_epoch35.pth", "effnet_epoch35.pth"):
        (copy / name).symlink_to(folder / name)
    return copy


def test_missing_checkpoint_is_named_and_no_demo_is_built(
    checkpoints: Path, old_site: Path, tmp_path: Path
) -> None:
    before = tree(old_site)
    result = run_build("--checkpoints", without_one(checkpoints, tmp_path), "--out", old_site)
    assert result.returncode == 2
    assert "landmark_epoch35.pth: there is no such file" in result.stderr
    assert tree(old_site) == before


def bad_checkpoint(tmp_path: Path, content: Callable[[Path], object]) -> Path:
    folder = tmp_path / "bad"
    folder.mkdir()
    content(folder / "mobile_epoch35.pth")
    return folder


def truncated(path: Path) -> None:
    torch.save(load_demo_state("mobilenet_v2"), path)
    path.write_bytes(path.read_bytes()[:1_000_000])


def not_finite(path: Path) -> None:
    state = load_demo_state("mobilenet_v2")
    state["classifier.1.bias"][2] = float("nan")
    torch.save(state, path)


@pytest.mark.parametrize(
    ("content", "message", "code"),
    [
        (lambda path: path.touch(), "it is empty (0 bytes)", 2),
        (
            lambda path: torch.save(torch.nn.Linear(2, 2), path),
            "it is a whole pickled module of the class torch.nn.modules.linear.Linear",
            2,
        ),
        (truncated, "it is truncated or damaged", 2),
        (not_finite, "1 of its tensors contain NaN or infinite values: classifier.1.bias", 2),
        (lambda path: path.write_text("<html>404</html>"), "it is an HTML or XML page", 2),
        (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1"), "Git LFS pointer", 2),
        (
            lambda path: torch.save({"a": torch.ones(2, 2)}, path),
            "does not match the architecture mobilenet_v2",
            2,
        ),
    ],
)
def test_bad_checkpoint_is_named_and_the_old_site_stays(
    old_site: Path, tmp_path: Path, content: Callable[[Path], object], message: str, code: int
) -> None:
    before = tree(old_site)
    folder = bad_checkpoint(tmp_path, content)
    options = ["--only", "mobilenet_emotion", "--out", old_site, "--cache", tmp_path / "cache"]
    result = run_build("--checkpoints", folder, *options)
    assert result.returncode == code
    assert message in result.stderr
    assert str(folder / "mobile_epoch35.pth") in result.stderr
    assert "Traceback" not in result.stderr
    assert tree(old_site) == before
    assert [path.name for path in tmp_path.iterdir() if ".new-" in path.name] == []


def test_dead_weights_are_refused_unless_allowed(old_site: Path, tmp_path: Path) -> None:
    options = [*write_tiny_catalog(tmp_path), "--no-precompressed", "--no-verify-page", "--no-docs"]
    dead = relu_network().state_dict()
    dead["head.weight"].mul_(1e-6)
    torch.save(dead, tmp_path / "tiny.pth")
    before = tree(old_site)
    options += ["--out", old_site, "--cache", tmp_path / "cache"]
    result = run_build(*options)
    assert result.returncode == 1
    assert "constant output: the standard deviation of its logits" in result.stderr
    assert tree(old_site) == before
    allowed = run_build("--allow-dead", *options)
    assert allowed.returncode == 0, allowed.stderr
    assert "(--allow-dead)" in allowed.stdout
    info = json.loads((old_site / "models/model_info.json").read_text())
    assert info["models"][0]["variants"][0]["verification"]["dead"] is True


def test_other_labels_need_other_weights(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(
        (ROOT / "models.toml").read_text().replace('["Bored", "Confused"', '["Confused", "Bored"')
    )
    options = ["--catalog", path, "--only", "mobilenet_emotion", "--out", tmp_path / "site"]
    result = run_build(*options, "--cache", cache)
    assert result.returncode == 2
    assert "the demo weights have the labels Bored, Confused, Focused, Tired, in this order" in result.stderr
