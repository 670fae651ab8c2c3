"""A network that ends in softmax gives no site: the page would apply softmax a second time."""

from pathlib import Path

import pytest
from torch import nn

from tests.tiny_network import plannable
from torch2web.cli import main


def ending_in_softmax(*_: object) -> nn.Module:
    return nn.Sequential(plannable(), nn.Softmax(dim=1)).eval()


def test_build_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch2web.pipeline.convert.load_model", ending_in_softmax)
    options = (
        "--only",
        "mobilenet_emotion",
        "--out",
        str(tmp_path / "site"),
        "--cache",
        str(tmp_path / "cache"),
    )
    assert main(["build", *options]) == 1
    assert "positive and sum to 1, expected logits" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
