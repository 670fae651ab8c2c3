"""`build FILE` and `add FILE` before the build: values detected, accepted, asked for and refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.unit.cli.own_model import COMPLETE, PIXELS, run, written
from torch2web.architectures import load_architecture


def test_missing_values_are_listed_with_a_command(
    folder: Path, state: dict[str, torch.Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"state_dict": state, "epoch": 3}, folder / "best run.pth")
    assert run("build", "best run.pth") == 2
    out, err = capsys.readouterr()
    assert "PyTorch checkpoint, 4 tensors, 260 parameters, fc.weight has 4 rows" in out
    assert "5 things must be known that the file does not say" in err
    for option in ("--factory", "--labels", "--resize", "--mean", "--std"):
        assert f"\n  {option} " in err
    assert err.splitlines()[-1] == (
        "  torch2web build 'best run.pth' --factory my_package.nets:build --labels A,B,C,D --resize 224x224 "
        "--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"
    )


def test_add_writes_what_was_given_and_found(
    folder: Path, state: dict[str, torch.Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "runs/7").mkdir(parents=True)
    content = {"model": state, "class_to_idx": {"b": 1, "a": 0, "d": 3, "c": 2}}
    torch.save(content, folder / "runs/7/Best.pth")
    assert run("add", "runs/7/Best.pth", "--factory", "own_nets:build", *PIXELS) == 0
    (entry,) = written(folder)
    assert entry["name"] == "best"
    assert entry["checkpoint"] == "runs/7/Best.pth"
    assert entry["labels"] == ["a", "b", "c", "d"]
    out = capsys.readouterr().out
    assert "labels: a, b, c, d (class_to_idx; to change it: --labels)" in out
    assert "Build it: torch2web build" in out
    assert run("add", "runs/7/Best.pth", "--factory", "own_nets:build", *PIXELS) == 2
    assert "--name gives the new one another" in capsys.readouterr().err


def test_a_file_outside_the_catalogue_folder_has_an_absolute_path(
    folder: Path, state: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("elsewhere") / "best.safetensors"
    save_file(state, path)
    assert run("add", str(path), *COMPLETE) == 0
    assert written(folder)[0]["checkpoint"] == str(path)


def test_likely_values_are_taken_on_demand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with torch.device("meta"):
        network = load_architecture("mobilenet_v2").build(2, 224, 224)
    shapes = network.state_dict()
    save_file({key: torch.zeros(value.shape, dtype=value.dtype) for key, value in shapes.items()}, "m.pth")
    arguments = ("add", "m.pth", "--labels", "cat,dog")
    assert run(*arguments) == 2
    err = capsys.readouterr().err
    assert "mobilenet_v2" in err
    assert "all names and shapes of MobileNetV2 fit" in err
    assert run(*arguments, "--yes") == 0
    assert "mobilenet_v2: the likely value, taken without asking" in capsys.readouterr().out
    (entry,) = written(folder)
    assert "mobilenet_v2" in str(entry.get("factory", entry.get("architecture")))
    assert entry["preprocessing"]["mean"] == [0.485, 0.456, 0.406]


def test_names_of_several_classes_are_noted(
    folder: Path, state: dict[str, torch.Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(state, folder / "best.pth")
    for labels, note in (("a,b,c,d", []), ("a,b,b,b", ["note: 'b' names 3 classes"])):
        assert run("add", "best.pth", "--factory", "own_nets:build", "--labels", labels, *PIXELS) == 0
        assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("note")] == note
        (folder / "models.toml").unlink()


@pytest.mark.parametrize("exists", [False, True])
def test_an_interrupted_build_speaks_of_the_output_that_there_is(
    folder: Path,
    state: dict[str, torch.Tensor],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    exists: bool,
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("torch2web.pipeline.build", interrupted)
    torch.save(state, folder / "best.pth")
    if exists:
        (folder / "new").mkdir()
    assert run("build", "best.pth", *COMPLETE, "--out", "new") == 130
    after = "; the existing output is unchanged" if exists else ""
    assert capsys.readouterr().err == f"error: interrupted{after}\n"


def test_lacking_arguments_are_found_before_the_build(
    folder: Path, state: dict[str, torch.Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "own_nets.py").write_text("def wide(width, num_classes): raise RuntimeError\n")
    torch.save(state, folder / "best.pth")
    arguments = ["--factory", "own_nets:wide", "--labels", "a,b,c,d", *PIXELS]
    assert run("add", "best.pth", *arguments) == 2
    assert "own_nets:wide: it needs the arguments width" in capsys.readouterr().err
    assert run("add", "best.pth", *arguments, "--factory-args", '{"width": 8}') == 0


FAULTS = [
    (["--labels", "a,b"], "--labels: found 2 (a, b), expected 4: fc.weight has 4 rows"),
    (
        ["--labels", "a,b", "--labels-file", "x"],
        "--labels: goes without --labels-file; both name the classes",
    ),
    (["--labels-file", "absent.txt"], "absent.txt: there is no such file"),
    (
        ["--name", "Best Model!"],
        '--name: found "Best Model!", expected letters a to z, digits, _ and -, beginning with a letter or '
        "digit; try best_model",
    ),
    (["--task", "magic"], '--task: found "magic", expected one of "softmax", "sigmoid"'),
    (["--factory", "nets"], '--factory: found "nets", expected module:function, such as model:build'),
    (["--factory", "my/nets.py:A"], "such as model:build for build in model.py; try my.nets:A"),
    (["--factory-args", "{width: 32}"], "--factory-args: found '{width: 32}', expected a JSON object"),
    (["--factory", "own_nets:built"], "own_nets:built: own_nets has no built; it has build"),
    (["--factory", "absent:build"], "absent:build: there is no module absent, neither in"),
    (["--timm", "x", "--factory", "y"], "--timm: goes without --factory; both name the network"),
    (["--opset", "99"], "--opset: found 99, expected at most 20"),
    (["--opset", "new"], "--opset: found 'new', expected a whole number"),
    (["--mean", "0.5,0.5"], "--mean: found 2 numbers, expected 3 numbers with commas between"),
    (
        ["--mean", "123.7,116,103"],
        "--mean: 123.7 is far above 1, while the scale is 1/255: is it of levels 0 to 255? Then add --scale",
    ),
    (["--std", "1,0,1"], "--std: found 1,0,1, expected numbers above 0"),
    (
        ["--color", "grey", "--mean", "0.5", "--std", "1"],
        "--color: found grey, but the network's input has 3",
    ),
    (["--scale", "255"], "--scale: found '255', expected one of 1/255, 1"),
    (["--size", "64x64"], "--size: found 64x64, but --resize and --crop give 32x32"),
    (["--tolerance", "0"], "--tolerance: found '0', expected a number above 0"),
    (["--preprocessor", "absent.json"], "absent.json: there is no such file"),
    (["--crop", "a"], "--crop: found 'a', expected one number of pixels"),
]


@pytest.mark.parametrize(("change", "message"), FAULTS, ids=[fault[0][0] for fault in FAULTS])
def test_faults(
    folder: Path,
    state: dict[str, torch.Tensor],
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    message: str,
) -> None:
    """Each bad value has its error, and nothing is written."""
    torch.save(state, folder / "best.pth")
    kept = dict(zip(COMPLETE[::2], COMPLETE[1::2], strict=True))
    if "--labels-file" in change and "--labels" not in change:
        del kept["--labels"]
    given = kept | dict(zip(change[::2], change[1::2], strict=True))
    assert run("add", "best.pth", *(part for pair in given.items() for part in pair)) == 2
    err = capsys.readouterr().err
    assert err.startswith("error[")
    assert message in err
    assert "Traceback" not in err
    assert not (folder / "models.toml").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.pth", None, "absent.pth: there is no such file"),
        ("empty.pth", b"", "it is empty"),
        ("page.pth", b"<!doctype html><p>Not found", "HTML"),
        ("pointer.pth", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("noise.pth", bytes(range(256)) * 8, "it is not a PyTorch checkpoint"),
        ("cut.onnx", b"\x08\x07\x12\x07pytorch:\x05abc", ""),
    ],
)
def test_files_that_hold_no_model(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    for command in ("build", "add"):
        assert run(command, name) == 2
        err = capsys.readouterr().err
        assert err.startswith("error[")
        assert name in err
        assert message in err
        assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["build", "--labels", "a,b"],
            "--labels describes the model of a file: torch2web build FILE --labels",
        ),
        (["build", "--yes"], "--yes describes the model of a file"),
        (["build", "m.pth", "--demo"], "--demo goes with the catalogue, not with a file (m.pth)"),
        (["build", "m.pth", "--only", "x"], "--only goes with the catalogue"),
        (["build", "m.pth", "--catalog", "x"], "--catalog goes with the catalogue"),
        (["build", "m.pth", "--checkpoints", "x"], "--checkpoints goes with the catalogue"),
        (["build", "publish"], "there is neither a command nor a file 'publish'"),
        (["add"], "the following arguments are required: FILE"),
        (["build", "a.pth", "b.pth"], "torch2web build: error: unrecognized arguments: b.pth\n"),
        (
            ["build", "a.pth", "--lables", "a,b", "--neam=x"],
            "unrecognized arguments: --lables a,b --neam=x; did you mean --labels --name?",
        ),
        (["serve", "--prot", "1"], "serve: error: unrecognized arguments: --prot"),
    ],
)
def test_options_that_do_not_fit_together(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as raised:
        run(*arguments)
    assert raised.value.code == 2
    assert message in capsys.readouterr().err


def test_wrong_arguments_show_the_usage_of_their_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run("doctor", "a.pth", "--lables", "a")
    err = capsys.readouterr().err
    assert err.startswith("usage: torch2web doctor ")
    assert "--labels A,B,C" in err


@pytest.mark.parametrize("command", ["build", "add", "doctor"])
def test_a_folder_lists_its_checkpoints(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (folder / "runs/old").mkdir(parents=True)
    assert run(command, "runs") == 2
    err = capsys.readouterr().err
    assert f"runs: it is a folder; {command} takes one file\nNo file in it looks like a checkpoint" in err
    (folder / "runs/old/a b.ckpt").touch()
    assert run(command, "runs") == 2
    err = capsys.readouterr().err
    assert f"It has old/a b.ckpt. For the first:\n  torch2web {command} 'runs/old/a b.ckpt'\n" in err
    for number in range(10, 22):
        (folder / f"runs/{number}.pth.tar").touch()
    (folder / "runs/notes.txt").touch()
    assert run(command, "runs") == 2
    err = capsys.readouterr().err
    assert "It has 10.pth.tar, 11.pth.tar, " in err
    assert f"19.pth.tar, … 2 more. For the first:\n  torch2web {command} runs/10.pth.tar\n" in err


def test_a_build_without_a_catalogue_says_how_to_build_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("build") == 2
    err = capsys.readouterr().err
    assert "there is no such file; `build FILE` converts one checkpoint, --catalog names" in err


def test_yes_takes_no_placeholders(
    folder: Path, state: dict[str, torch.Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(state, folder / "best.pth")
    assert run("add", "best.pth", "--yes", "--factory", "own_nets:build") == 2
    err = capsys.readouterr().err
    assert "--labels  the 4 names of the classes" in err
    assert not (folder / "models.toml").exists()
