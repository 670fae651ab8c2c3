"""What `add FILE` asks on a terminal: wrong answers are asked again, and none is lost."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.unit.cli.own_model import run, written

Asked = Callable[..., int]


class Keyboard(io.StringIO):
    """Standard input of a terminal with the lines that a person types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def asked(folder: Path, state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch) -> Asked:
    """`asked(*answers)` adds weights to the catalogue, with these answers, and returns the exit code."""
    torch.save(state, folder / "best.pth")

    def add(*answers: str, options: tuple[str, ...] = ()) -> int:
        monkeypatch.setattr(sys, "stdin", Keyboard("".join(f"{answer}\n" for answer in answers)))
        return run("add", "best.pth", *options)

    return add


def test_wrong_answers_are_asked_again(
    asked: Asked, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = ["own_nets:build", "a,b", "a,b,c,d", "", "0.5,0.5", "123,116,103", "0.5", "1,1,1"]
    assert asked(*answers) == 0
    out, err = capsys.readouterr()
    assert "--labels: found 2 (a, b), expected 4" in err
    assert "--mean: found 2 numbers, expected 3 numbers with commas between, or one for all channels" in err
    assert "--mean: 123 is far above 1, while the scale is 1/255: is it of levels 0 to 255?" in err
    (entry,) = written(folder)
    assert entry["factory"] == "own_nets:build"
    assert entry["labels"] == ["a", "b", "c", "d"]
    pixels = entry["preprocessing"]
    assert pixels["steps"] == [{"op": "resize", "size": [224, 224], "filter": "bilinear"}]
    assert (pixels["mean"], pixels["std"]) == ([0.5] * 3, [1] * 3)
    assert "--resize: how images get the network's size" in out


def test_the_input_ends_while_asking(asked: Asked, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("own_nets:build", "a, b,c,d", "") == 130
    assert not (folder / "models.toml").exists()
    err = capsys.readouterr().err
    assert "interrupted\nThe command with your answers:" in err, "nothing said of an output"
    command = "torch2web add best.pth --factory own_nets:build --labels 'a, b,c,d' --resize 224x224"
    assert err.splitlines()[-1] == f"  {command}"


def test_a_network_is_checked_when_it_is_answered(
    asked: Asked, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "own_nets.py").write_text("def build(): ...\ndef wide(width, num_classes): ...\n")
    answers = ["own_netz:build", "own_nets:built", "own_nets:wide", '{"width": 8}', "a,b,c,d", "", "0", "1"]
    assert asked(*answers) == 0
    out, err = capsys.readouterr()
    assert "there is no module own_netz" in err
    assert "own_nets has no built; it has build, wide" in err
    assert "--factory-args: own_nets:wide: it needs the arguments width" in out
    (entry,) = written(folder)
    assert (entry["factory"], entry["factory_args"]) == ("own_nets:wide", {"width": 8})
    assert entry["preprocessing"]["mean"] == [0, 0, 0], "one number for all channels"


def test_a_failure_after_the_questions_repeats_the_answers(
    asked: Asked, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "models.toml").write_text("wrong")
    assert asked("own_nets:build", "a,b,c,d", "", "-1,0,1", "1") == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "  torch2web add best.pth --factory own_nets:build --labels a,b,c,d --resize 224x224 "
        "--mean=-1,0,1 --std 1"
    )


@pytest.mark.parametrize(
    ("typed", "key"), [("own_nets:build", "factory"), ("resnet18", "timm"), ("landmark_cnn", "architecture")]
)
def test_another_network_than_the_likely_one(
    asked: Asked, folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str, key: str
) -> None:
    weights = {"features.1.conv.0.0.weight": torch.ones(32, 1, 3, 3), "classifier.1.weight": torch.ones(2, 9)}
    torch.save(weights, folder / "best.pth")
    if key == "timm":  # which may not be installed
        monkeypatch.setattr("torch2web.sources.require_factory", lambda _: None)
    options = ("--resize", "32", "--mean", "0", "--std", "1")
    assert asked(typed, "cat,dog", options=options) == 0
    assert written(folder)[0][key] == typed
