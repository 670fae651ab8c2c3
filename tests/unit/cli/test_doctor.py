"""`doctor FILE`: findings and exit code for valid and faulty files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from torch2web.cli import Defaults, main

State = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trained() -> State:
    torch.manual_seed(0)
    network = nn.Sequential()
    network.add_module("conv", nn.Conv2d(3, 8, 3))
    network.add_module("norm", nn.BatchNorm2d(8))
    network.add_module("pool", nn.AdaptiveAvgPool2d(1))
    network.add_module("flatten", nn.Flatten())
    network.add_module("fc", nn.Linear(8, 2))
    network(torch.randn(4, 3, 8, 8))
    return network.state_dict()


def examined(content: object, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    torch.save(content, "best.pth")
    code = main(["doctor", "best.pth", *options], Defaults.installed())
    return code, *capsys.readouterr()


def test_valid_file(capsys: pytest.CaptureFixture[str]) -> None:
    content = {
        "epoch": 3,
        "state_dict": {f"module.{key}": value for key, value in trained().items()},
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(9)}}, "param_groups": []},
        "classes": ["cat", "dog"],
    }
    code, out, err = examined(content, capsys)
    assert (code, err) == (0, "")
    for line in (
        "format: PyTorch checkpoint",
        "weights under 'state_dict': 9 tensors",
        "all names begin with 'module.'",
        "state of the training: optimizer; not used",
        "beside the weights: epoch, classes",
        "outputs: 2 (module.fc.weight has 2 rows)",
        "input: colour",
        "labels: cat, dog (classes)",
        "not said: --factory: the function that builds the network",
        "  guesses, which you check: --resize 224x224, --mean 0.485,0.456,0.406, --std 0.229,0.224,0.225\n"
        "  to be filled in: --factory my_package.nets:build\nNext: torch2web",
        "Next: torch2web build best.pth --factory my_package.nets:build --resize 224x224",
    ):
        assert line in out
    assert f"checkpoint, {Path('best.pth').stat().st_size / 1024:.1f} KiB" in out


def with_nan(state: State) -> State:
    return {**state, "fc.bias": torch.tensor([1.0, float("nan")])}


def with_zeros(state: State) -> State:
    return {**state, "fc.weight": torch.zeros(2, 8)}


def without_statistics(state: State) -> State:
    return {**state, "norm.running_mean": torch.zeros(8), "norm.running_var": torch.ones(8)}


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (with_nan, "1 of 8 tensors contain NaN or infinite values: fc.bias"),
        (with_zeros, "1 tensors of weights are zero throughout: fc.weight"),
        (without_statistics, "BatchNorm has its initial statistics in all 1 layers"),
    ],
)
def test_problems(damage: Callable[[State], State], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = examined(damage(trained()), capsys)
    assert code == 1
    assert f"one problem\n  {problem}" in err


def test_raw_and_averaged_weights(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = examined({"model": trained(), "model_ema": trained()}, capsys)
    assert code == 0
    assert "several sets of weights: 'model' and 'model_ema'; --weights-key takes another one" in out


def test_half_precision(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = examined({"fc.weight": torch.randn(200, 300).half()}, capsys)
    assert "precision: about half of float32" in out
    _, out, _ = examined({"fc.weight": torch.randn(200, 300)}, capsys)
    assert "precision:" not in out


def test_number_of_labels_differs(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = examined({"model": trained(), "classes": ["a", "b", "c"]}, capsys)
    assert code == 1
    assert "--labels: found 3 (a, b, c), expected 2: fc.weight has 2 rows; they are the file's classes" in err


def test_unreadable_files(capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.pth").write_text("to do")
    assert main(["doctor", "notes.pth"], Defaults.installed()) == 2
    assert "it is a text file, not a checkpoint" in capsys.readouterr().err
    code, _, err = examined(nn.Linear(2, 2), capsys)
    assert code == 2
    assert "whole pickled module of the class torch.nn.modules.linear.Linear" in err


def test_weights_of_an_onnx_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Exporters write `NAME.onnx.data` or a like name, which the ONNX file has."""
    for name in ("shapes.onnx.data", "shapes.bin"):
        Path(name).write_bytes(bytes(range(256)) * 8)
    assert main(["doctor", "shapes.onnx.data"], Defaults.installed()) == 2
    assert "weights of an ONNX file, shapes.onnx, which does not lie beside it" in capsys.readouterr().err
    Path("shapes.onnx").write_bytes(b"location: shapes.onnx.data, shapes.bin")
    for name in ("shapes.onnx.data", "shapes.bin"):
        assert main(["doctor", name], Defaults.installed()) == 2
        problem = (
            f"{name}: it belongs to shapes.onnx beside it, whose weights it holds\nBuild from shapes.onnx."
        )
        assert problem in capsys.readouterr().err
