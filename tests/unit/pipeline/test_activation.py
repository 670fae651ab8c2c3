"""A network that ends in softmax: softmax is not applied again, which console and manifest record."""

import json
from pathlib import Path

import pytest
from torch import nn

from tests.tiny_network import plannable
from torch2web.cli import main


def ending_in_softmax(*_: object) -> nn.Module:
    return nn.Sequential(plannable(), nn.Softmax(dim=1)).eval()


def test_build_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch2web.sources.load.load_model", ending_in_softmax)
    options = (
        "--only",
        "mobilenet_emotion",
        "--out",
        str(tmp_path / "site"),
        "--cache",
        str(tmp_path / "cache"),
    )
    assert main(["build", *options, "--no-precompressed", "--no-verify-page"]) == 0
    assert "mobilenet_emotion: the network ends in softmax itself" in capsys.readouterr().out
    (model,) = json.loads((tmp_path / "site/models/model_info.json").read_text())["models"]
    assert model["task"] == {"kind": "probabilities", "of": "softmax"}
    for row in model["variants"][0]["golden"]["logits"]:
        assert abs(sum(row) - 1) < 1e-6
