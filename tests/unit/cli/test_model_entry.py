"""Options of one model: the catalogue entry that each one gives, and errors for bad values."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from torch2web.cli.model_entry import entry_from, name_of
from torch2web.cli.options.model import add_model_options
from torch2web.errors import OptionError


def entry(*arguments: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    add_model_options(parser, required=True)
    return entry_from(parser.parse_args(["runs/7/best.pth", *arguments]))


def resize(size: object, name: str = "bilinear") -> dict[str, object]:
    return {"op": "resize", "size": size, "filter": name}


def crop(*size: int) -> dict[str, object]:
    return {"op": "center_crop", "size": list(size)}


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("runs/7/best.pth", "best"),
        ("Best Run (2).PTH.tar", "best_run_2"),
        ("epoch=35-val_loss=0.12.ckpt", "epoch_35-val_loss_0_12"),
        ("Größe.pt", "groe"),
        ("日本.onnx", "model"),
        ("_x-.bin", "x"),
        ("resnet18-f37072fd.pth", "resnet18-f37072fd"),
        (".pth", "model"),
    ],
)
def test_name_of_the_file(file: str, name: str) -> None:
    assert name_of(Path(file)) == name


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {}),
        (
            ["--name", "x", "--task", "sigmoid", "--opset", "18"],
            {"name": "x", "task": "sigmoid", "opset": 18},
        ),
        (["--labels", "cat, dog"], {"labels": ["cat", "dog"]}),
        (
            ["--factory", "a.b:c", "--factory-args", '{"n": null}'],
            {"factory": "a.b:c", "factory_args": {"n": None}},
        ),
        (["--output-name", "1"], {"output_name": 1}),
        (
            ["--output-name", "logits", "--weights-key", "ema"],
            {"output_name": "logits", "weights_key": "ema"},
        ),
        (["--mean", "0.5, 0.5,1e-3"], {"preprocessing": {"mean": [0.5, 0.5, 0.001]}}),
        (["--mean=-1,0,1", "--std", "1,2,3"], {"preprocessing": {"mean": [-1, 0, 1], "std": [1, 2, 3]}}),
        (["--color", "grey", "--mean", "0.5"], {"preprocessing": {"color": "grey", "mean": [0.5]}}),
        (["--color", "rgb"], {"preprocessing": {"color": "rgb"}}),
        (["--scale", "1"], {"preprocessing": {"scale": 1}}),
        (["--scale", "1/255"], {"preprocessing": {"scale": "1/255"}}),
    ],
)
def test_options(arguments: list[str], expected: dict[str, Any]) -> None:
    assert entry(*arguments) == {"name": "best", **expected}


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        (["--size", "224x320"], [resize([224, 320])]),
        (["--size", "64"], [resize([64, 64])]),
        (["--resize", "224x320"], [resize([224, 320])]),
        (["--resize", "256"], [resize(256), crop(256, 256)]),
        (["--resize", "256:bicubic", "--crop", "224"], [resize(256, "bicubic"), crop(224, 224)]),
        (["--resize", "256", "--size", "224x192"], [resize(256), crop(224, 192)]),
        (
            ["--resize", "256x256", "--crop", "224x192", "--size", "224x192"],
            [resize([256, 256]), crop(224, 192)],
        ),
        (["--crop", "28"], [crop(28, 28)]),
    ],
)
def test_steps(arguments: list[str], steps: list[dict[str, Any]]) -> None:
    assert entry(*arguments)["preprocessing"]["steps"] == steps


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--labels", "cat,,dog"],
            "--labels: found 'cat,,dog', in which name 2 is empty; expected names such as",
        ),
        (["--labels", "a,b", "--labels-file", "f"], "--labels: goes without --labels-file"),
        (["--labels-file", "/absent"], "--labels-file: /absent: there is no such file"),
        (["--factory", "a:b", "--timm", "c"], "--timm: goes without --factory; both name the network"),
        (["--factory", " "], "--factory: found an empty text"),
        (["--factory-args", "{"], "--factory-args: found '{', expected a JSON object, such as"),
        (["--factory-args", "[1]"], "--factory-args: found '[1]', expected a JSON object of named arguments"),
        (["--opset", "x"], "--opset: found 'x', expected a whole number"),
        (["--size", "0x5"], "--size: found 0x5, expected 1 to 4096 pixels"),
        (["--size", "224x"], "--size: found '224x', expected one number of pixels, such as 224, or height x"),
        (["--resize", "256:cubic"], "--resize: found 'cubic', expected one of nearest, box, bilinear"),
        (["--crop", "9999"], "--crop: found 9999, expected 1 to 4096 pixels"),
        (
            ["--size", "224", "--resize", "256", "--crop", "192"],
            "--size: found 224x224, but --resize and --crop give 192x192",
        ),
        (["--color", "cmyk"], "--color: found 'cmyk', expected one of rgb, bgr, grey"),
        (["--scale", "2"], "--scale: found '2', expected one of 1/255, 1"),
        (["--mean", "0.5,x,1"], "--mean: found '0.5,x,1', expected 3 numbers with commas between"),
        (["--mean", "0.5,0.5"], "--mean: found 2 numbers, expected 3 numbers"),
        (["--color", "rgb", "--mean", "0.5,1"], "expected 3 numbers with commas between, or one for all"),
        (["--std", "58,57,57"], "--std: 58 is far above 1, while the scale is 1/255"),
        (["--mean=-123,0,0"], "--mean: -123 is far above 1"),
        (
            ["--color", "grey", "--mean", "1,2,3"],
            "--mean: found 3 numbers, expected 1 number, as the image is grey",
        ),
        (["--mean", "nan,1,1"], "--mean: found nan,1,1, expected finite numbers"),
        (["--std", "1,0,1"], "--std: found 1,0,1, expected numbers above 0"),
    ],
)
def test_bad_values(arguments: list[str], message: str) -> None:
    with pytest.raises(OptionError) as raised:
        entry(*arguments)
    assert message in str(raised.value)


PROCESSOR = {
    "image_processor_type": "ViTImageProcessor",
    "size": {"height": 32, "width": 40},
    "resample": 2,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.25, 0.5, 0.5],
}


def test_preprocessor_of_hugging_face_is_overruled_by_other_options(tmp_path: Path) -> None:
    path = tmp_path / "preprocessor_config.json"
    path.write_text(json.dumps(PROCESSOR))
    found = entry("--preprocessor", str(path))["preprocessing"]
    assert found == {"steps": [resize([32, 40])], "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.5, 0.5]}
    found = entry("--preprocessor", str(path), "--size", "8", "--mean", "1,2,3")["preprocessing"]
    assert found == {"steps": [resize([8, 8])], "mean": [1, 2, 3], "std": [0.25, 0.5, 0.5]}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "there is no such file"),
        ("{", "it is not valid JSON"),
        ("[]", "found no JSON object"),
        ("{}", "image_processor_type: is missing; this is no preprocessor_config.json"),
        (json.dumps(PROCESSOR | {"do_pad": True}), "do_pad: do_pad cannot be computed; expected false"),
    ],
)
def test_preprocessor_that_cannot_be_taken(tmp_path: Path, content: str | None, problem: str) -> None:
    path = tmp_path / "preprocessor_config.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(OptionError) as caught:
        entry("--preprocessor", str(path))
    assert str(caught.value).startswith("--preprocessor: ")
    assert problem in str(caught.value)
