"""Warnings about folders of --images that are named like no label."""

from dataclasses import replace
from pathlib import Path

import pytest

from torch2web.catalog.load import ModelSpec
from torch2web.cli.picture_folders import warn_of_folders
from torch2web.cli.terminal.console import Output
from torch2web.tasks import Task


@pytest.fixture
def spec(catalog: dict[str, ModelSpec]) -> ModelSpec:
    return replace(catalog["mobilenet_emotion"], labels=("circle", "square", "triangle"), task=Task())


@pytest.mark.parametrize(
    ("files", "warnings"),
    [
        (
            ["circle/1.png", "square/1.png", "triangel/1.png", "triangel/deeper/2.png"],
            ["2 pictures in 'triangel', which is no label (did you mean triangle?), are not measured"],
        ),
        (["circle/1.png", "dogs/1.png"], ["1 picture in 'dogs', which is no label, is not measured"]),
        (
            ["Circle/1.png"],
            ["1 picture in 'Circle', which is no label (did you mean circle?), is not measured"],
        ),
        (["circle/1.png", "1.png"], ["1 picture in FOLDER outside of the labels' folders is not measured"]),
        (["circle/1.png", "triangle/1.png"], []),
        (["monday/1.png", "2.png"], []),  # without labels
    ],
)
def test_folders_that_are_no_label(
    spec: ModelSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str], files: list[str], warnings: list[str]
) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    warn_of_folders(Output(), tmp_path, [spec])
    found = capsys.readouterr().out.replace(str(tmp_path), "FOLDER").splitlines()
    assert found == warnings


def test_tasks_without_accuracy(spec: ModelSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "circle").mkdir()
    (tmp_path / "circle/1.png").touch()
    (tmp_path / "2.png").touch()
    warn_of_folders(Output(), tmp_path, [replace(spec, task=Task("sigmoid"))])
    assert capsys.readouterr().out == ""
