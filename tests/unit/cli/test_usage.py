"""Options, their help texts and documentation; errors for wrong usage."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_build
from torch2web.cli import Defaults
from torch2web.cli.options.parser import create_parser, parse_options


def test_every_option_has_a_help_text() -> None:
    parsers = [create_parser(Defaults.checkout(ROOT))]
    for action in parsers[0]._actions:
        if isinstance(action.choices, dict):
            parsers += action.choices.values()
    options = [action for parser in parsers for action in parser._actions if action.option_strings]
    assert len(options) >= 10
    assert [action.option_strings for action in options if not action.help] == []


def test_every_option_is_documented() -> None:
    readme = (ROOT / "docs/cli.md").read_text()
    parsers = [create_parser(Defaults.checkout(ROOT))]
    for action in parsers[0]._actions:
        if isinstance(action.choices, dict):
            parsers += action.choices.values()
    options = {name for parser in parsers for action in parser._actions for name in action.option_strings}
    assert {name for name in options if name.startswith("--") and name not in readme} == {
        "--help",
        "--no-plain-models",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-such-option"],
        ["publish"],
        ["--checkpoints"],
        ["serve", "--port", "x"],
        ["--out", "elsewhere", "verify"],
        ["serve", "--parity-dir", "elsewhere"],
        ["serve", "--parity", "--host", "github"],
        ["serve", "--host", "127.0.0.1"],
        ["serve", "--api", "--parity"],
        ["serve", "--workers", "2"],
        ["--parity"],
        ["build", "--samples", "0"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_options(arguments, Defaults.checkout(ROOT))
    assert ended.value.code == 2
    assert "usage: " in capsys.readouterr().err


def test_command_prints_its_usage() -> None:
    result = run_build("--no-such-option")
    assert result.returncode == 2
    assert "usage: build.py" in result.stderr


def test_no_such_folder_of_checkpoints(tmp_path: Path) -> None:
    result = run_build("--checkpoints", tmp_path / "typo", "--out", tmp_path / "site")
    assert result.returncode == 2
    assert f"{tmp_path / 'typo'}: there is no such folder" in result.stderr
    assert not (tmp_path / "site").exists()


def test_bad_catalog_is_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text((ROOT / "models.toml").read_text().replace("mobilenet_v2", "resnet50"))
    result = run_build("--catalog", path, "--out", tmp_path / "site")
    assert result.returncode == 2
    assert f"{path}: models[0].architecture: found 'resnet50', expected one of" in result.stderr


def test_unknown_model_is_exit_code_2(tmp_path: Path) -> None:
    result = run_build("--only", "resnet", "--out", tmp_path / "site")
    assert result.returncode == 2
    assert "it has mobilenet_emotion, landmark_cnn_emotion, efficientnet_emotion" in result.stderr


def test_relative_paths_are_relative_to_where_one_stands(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "kept").symlink_to(cache)
    command = [sys.executable, str(ROOT / "build.py"), "--only", "mobilenet_emotion"]
    command += ["--no-precompressed", "--no-verify-page"]
    for out in ("public/site", "."):
        folder = tmp_path / f"in-{len(out)}"
        folder.mkdir()
        (folder / "kept").symlink_to(tmp_path / "kept") if out != "." else None
        options = ["--out", out, "--cache", "kept" if out != "." else "../kept"]
        result = subprocess.run([*command, *options], capture_output=True, text=True, cwd=folder, check=False)
        assert result.returncode == 0, result.stderr
        assert (folder / out / "index.html").is_file()
