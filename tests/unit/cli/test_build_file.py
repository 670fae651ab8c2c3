"""`build FILE` and `add FILE` as users run them: in the user's folder, with the user's code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from tests.conftest import ROOT
from torch2web.cli import Defaults, main

NETS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes=9, width=4):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, stride=2)
        self.fc = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))
"""
PIXELS = ("--resize", "32x32", "--mean", "0.5,0.5,0.5", "--std", "0.5,0.5,0.5")
SHORT = ("--no-verify-page", "--no-precompressed", "--cache", "cache")
LABELS = ["cat", "dog", "eel"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: code, a checkpoint with three classes, and an ONNX file."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "nets.py").write_text(NETS)
    rng = np.random.default_rng(0)
    shapes = {"conv.weight": (8, 3, 3, 3), "conv.bias": (8,), "fc.weight": (3, 8), "fc.bias": (3,)}
    weights = {key: rng.normal(size=shape).astype(np.float32) for key, shape in shapes.items()}
    state = {f"module.{key}": torch.from_numpy(value) for key, value in weights.items()}
    (folder / "runs/7").mkdir(parents=True)
    torch.save(
        {"state_dict": state, "class_to_idx": {"cat": 0, "dog": 1, "eel": 2}}, folder / "runs/7/best.pth"
    )
    nodes = [
        helper.make_node("Conv", ["image", "conv.weight", "conv.bias"], ["a"], strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("Gemm", ["d", "fc.weight", "fc.bias"], ["scores"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "net.onnx")
    return folder


def torch2web(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in `folder`; the last line of its output says whether it imported torch."""
    code = (
        "import sys\nfrom torch2web.cli import main\ncode = main(sys.argv[1:])\n"
        "print('torch' in sys.modules)\nsys.exit(code)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "converter")}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=1500,
        check=False,
    )


def model_of(site: Path) -> dict[str, object]:
    (model,) = json.loads((site / "models/model_info.json").read_text())["models"]
    assert isinstance(model, dict)
    return model


NETWORK = ("--factory", "nets:Net", "--factory-args", '{"width": 8}', *PIXELS)


def test_own_checkpoint_with_own_factory(folder: Path) -> None:
    """From its file to a site; then unchanged."""
    command = ("build", "runs/7/best.pth", *NETWORK, *SHORT, "--effort", "fast")
    result = torch2web(folder, *command)
    assert result.returncode == 0, result.stderr
    assert "labels: cat, dog, eel (class_to_idx; to change it: --labels)" in result.stdout
    assert "network nets:Net" in result.stdout
    assert "kept" not in result.stdout
    model = model_of(folder / "site")
    assert (model["name"], model["labels"]) == ("best", LABELS)

    again = torch2web(folder, *command)
    assert again.returncode == 0, again.stderr
    assert "kept" in again.stdout
    assert again.stdout.splitlines()[-1] == "False", "an unchanged build imports no torch"


def test_catalogue_that_add_writes_builds_the_same(folder: Path) -> None:
    fast = ("--effort", "fast", *SHORT)
    by_file = torch2web(folder, "build", "runs/7/best.pth", *NETWORK, *fast)
    assert by_file.returncode == 0, by_file.stderr
    assert "smaller weights: --effort full searches them" in by_file.stdout
    added = torch2web(folder, "add", "runs/7/best.pth", *NETWORK)
    assert added.returncode == 0, added.stderr
    built = torch2web(folder, "build", "--out", "other", *fast)
    assert built.returncode == 0, built.stderr
    assert "demo weights" not in built.stdout
    model = model_of(folder / "other")
    assert model["golden"] == model_of(folder / "site")["golden"]
    assert model["labels"] == LABELS


def test_an_onnx_file(folder: Path) -> None:
    missing = torch2web(folder, "build", "net.onnx", *SHORT)
    assert missing.returncode == 2
    assert "--factory" not in missing.stderr
    assert "--resize 32x32" in missing.stderr, "the size of its input"
    result = torch2web(
        folder, "build", "net.onnx", "--labels", ",".join(LABELS), "--yes", *SHORT, "--out", "o"
    )
    assert result.returncode == 0, result.stderr
    assert "--resize 32x32: the likely value, taken without asking" in result.stdout
    assert model_of(folder / "o")["name"] == "net"
    assert "net: loading onnxruntime\n" in result.stdout
    assert "net: preparing the ONNX graph\nnet: comparing with onnxruntime\n" in result.stdout
    assert not any(
        stage in result.stdout for stage in ("loading PyTorch", "exporting", "comparing with PyTorch")
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--factory", "absent:build"), "absent:build: there is no module absent"),
        (("--factory", "nets:absent"), "nets:absent: nets has no absent; it has Net"),
        (("--factory", "nets:Net", "--factory-args", '{"depth": 3}'), "it has no argument depth"),
        (("--factory", "nets:Net"), "3 misshaped: conv.weight (found [8, 3, 3, 3], expected [4, 3, 3, 3])"),
        (("--factory", "nets:Net", "--weights-key", "ema"), "it has no weights under 'ema'"),
    ],
)
def test_networks_that_do_not_fit(
    folder: Path,
    arguments: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    command = ("build", "runs/7/best.pth", *arguments, *PIXELS, *SHORT, "--out", "none")
    assert main(command, Defaults.installed()) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "none").exists()
