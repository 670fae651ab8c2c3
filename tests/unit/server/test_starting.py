"""What `serve --api` refuses before it listens, and the files for a container."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.patience import PATIENCE
from tests.unit.server.served import write_tiny_site
from torch2web.cli import main
from torch2web.cli.options.api import settings_of
from torch2web.cli.options.defaults import Defaults
from torch2web.cli.options.parser import parse_options
from torch2web.errors import OptionError, OutputError
from torch2web.server import ApiSettings, digest_of
from torch2web.server.docker import requirements_text, write_docker_files


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_tiny_site(tmp_path / "site")


def problem_of(capsys: pytest.CaptureFixture[str], *options: object) -> tuple[int, str]:
    code = main(["serve", *map(str, options), "--api", "--port", "0"])
    return code, capsys.readouterr().err


def test_changed_file(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = site / "models/large.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\0")
    code, problem = problem_of(capsys, site)
    assert (code, problem[:16]) == (1, "error[SiteError]")
    assert "models/large.onnx: found SHA-256" in problem


def test_no_site_and_a_site_without_whole_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert problem_of(capsys, tmp_path)[0] == 2
    site = write_tiny_site(tmp_path / "site")
    manifest = site / "models/model_info.json"
    manifest.write_text(manifest.read_text().replace('"plain": {"path"', '"other": {"path"'))
    code, problem = problem_of(capsys, site)
    assert code == 2
    assert "build it without --no-full-onnx" in problem


def test_unknown_default(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, problem = problem_of(capsys, site, "--default-model", "none")
    assert code == 2
    assert "found 'none', expected one of small, large" in problem


def test_another_answer_than_the_builds(tmp_path: Path) -> None:
    site = write_tiny_site(tmp_path / "site", gain=1.1)
    command = [sys.executable, "-m", "torch2web", "serve", str(site), "--api", "--port", "0"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT, check=False)
    assert result.returncode == 1
    assert "error[ServerError]: large: its golden outputs differ by" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_the_extra(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch2web.server.run.find_spec", lambda _: None)
    code, problem = problem_of(capsys, site)
    assert code == 2
    assert "error[MissingExtraError]: --api needs packages that are not installed" in problem
    assert "pip install 'torch2web[server]'" in problem


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("workers", 0, "--workers: found 0, expected 1 to 256"),
        ("max_batch", 0, "--max-batch: found 0"),
        ("max_wait", float("nan"), "--max-wait: found nan"),
        ("timeout", 0, "--timeout: found 0"),
        ("origins", ("*",), "--allow-origin: found '*', expected scheme, host and port"),
        ("origins", ("https://a.example/",), "--allow-origin: found"),
        ("origins", ("a.example",), "--allow-origin: found"),
    ],
)
def test_wrong_options(option: str, value: object, problem: str) -> None:
    with pytest.raises(OptionError, match=problem.replace("*", r"\*")):
        ApiSettings(Path(), **{option: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["", "short", "with a space inside it", "ümlaut-0123456789abc"])
def test_wrong_tokens(token: str) -> None:
    with pytest.raises(OptionError, match="expected at least 16 printable"):
        digest_of(token)
    assert "digest" not in repr(ApiSettings(Path(), token_digest=digest_of("x" * 16)))


def test_options_that_are_not_given_are_the_settings_own() -> None:
    options = parse_options(["serve", "--api"], Defaults.installed())
    assert settings_of(options) == ApiSettings(options.site)


def test_files_for_a_container(tmp_path: Path) -> None:
    written = write_docker_files(tmp_path / "docker")
    assert sorted(path.name for path in written) == [
        ".dockerignore",
        "Dockerfile",
        "compose.yaml",
        "requirements.txt",
    ]
    dockerfile, compose = (
        (tmp_path / "docker" / name).read_text() for name in ("Dockerfile", "compose.yaml")
    )
    assert "-slim" in dockerfile
    assert "USER 10001" in dockerfile
    for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "./site:/site:ro"):
        assert line in compose
    assert write_docker_files(tmp_path / "docker") == written
    (tmp_path / "docker/Dockerfile").write_text("FROM scratch")
    with pytest.raises(OutputError, match="it is there already, with another content"):
        write_docker_files(tmp_path / "docker")


LISTED_ONLY = """
import importlib.abc, importlib.metadata, sys
listed = {line.partition("==")[0].replace("-", "_").lower() for line in open(sys.argv[1]) if "==" in line}
allowed = {"torch2web"}
for module, names in importlib.metadata.packages_distributions().items():
    if {name.replace("-", "_").lower() for name in names} & listed:
        allowed.add(module)

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names and not top.startswith("_"):
            raise ModuleNotFoundError(f"{name} is not in requirements.txt", name=name)

sys.meta_path.insert(0, Blocker())
from pathlib import Path
from torch2web.cli.options.parser import parse_options
from torch2web.cli import Defaults
import torch2web.cli.command, torch2web.cli.serving_api, torch2web.server.supervisor
from torch2web.server import ApiSettings
from torch2web.server.inference import Engine, read_site
import asyncio, io
from PIL import Image
parse_options(["serve", "--api"], Defaults.installed())
async def run():
    settings = ApiSettings(Path(sys.argv[2]))
    engine = Engine(read_site(settings.site), settings)
    file = io.BytesIO()
    Image.new("RGB", (9, 9)).save(file, "PNG")
    print((await engine.predict("large", file.getvalue())).computed.outputs.shape)
    engine.close()
asyncio.run(run())
"""


def test_requirements_of_the_container_are_all_that_the_server_imports(site: Path, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(requirements_text())
    assert "torch==" not in requirements.read_text()
    command = [sys.executable, "-c", LISTED_ONLY, str(requirements), str(site)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "(4,)\n"
