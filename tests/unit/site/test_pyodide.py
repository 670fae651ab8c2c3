"""Pyodide's files: repacked packages, wheels from a folder, and the lock file that lists them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from torch2web.assets import load_assets
from torch2web.errors import InputError
from torch2web.site.writers.pyodide import COMPILED, CORE, compiled_wheels, lock_json, pure_wheels
from web.build.python_packages import PURE, pack_installed

ABI = "pyemscripten_2026_0_wasm32"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder for PYODIDE_WHEELS; the wheels' content does not matter here."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in COMPILED:
        (folder / f"{name}-1.2.3-cp314-cp314-{ABI}.whl").write_bytes(name.encode())
    return folder


def test_packing_gives_the_same_bytes_and_all_that_pytest_needs() -> None:
    file_name, content = pack_installed("pytest")
    assert pack_installed("pytest") == (file_name, content)
    assert file_name.startswith("pytest-")
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert "pytest/__init__.py" in names
    assert not [name for name in names if name.endswith(".pyc") or name.startswith("..")]


def test_lock_names_these_packages_and_no_others(wheels: Path) -> None:
    assets = load_assets()
    packages = [*pure_wheels(assets), *compiled_wheels(assets, wheels)]
    lock = json.loads(lock_json(assets, packages))
    assert sorted(lock["packages"]) == sorted([*PURE, *COMPILED])
    for wheel in packages:
        assert lock["packages"][wheel.name]["sha256"] == hashlib.sha256(wheel.content).hexdigest()
    assert lock["packages"]["pytest"]["depends"] == ["iniconfig", "packaging", "pluggy", "pygments"]
    assert lock["packages"]["pillow"]["imports"] == ["PIL"]


def test_core_is_there() -> None:
    assets = load_assets()
    assert all(assets.read(f"pyodide/{name}") for name in CORE)


def _remove_pillow(folder: Path) -> None:
    next(folder.glob("pillow-*")).unlink()


def _second_numpy(folder: Path) -> None:
    (folder / f"numpy-1.2.4-cp314-cp314-{ABI}.whl").write_bytes(b"")


def _other_abi(folder: Path) -> None:
    next(folder.glob("numpy-*")).rename(folder / "numpy-1.2.3-cp313-cp313-pyodide_2025_0_wasm32.whl")


def _other_hash(folder: Path) -> None:
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  numpy-1.2.3-cp314-cp314-{ABI}.whl\n")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_remove_pillow, f"expected one wheel of pillow for {ABI}, found numpy-1.2.3"),
        (_second_numpy, f"expected one wheel of numpy for {ABI}, found numpy-1.2.3.*numpy-1.2.4"),
        (_other_abi, f"expected one wheel of numpy for {ABI}, found numpy-1.2.3-cp313"),
        (_other_hash, "expected 0000000.* of SHA256SUMS"),
    ],
)
def test_wheels_that_do_not_fit(wheels: Path, change: Callable[[Path], None], problem: str) -> None:
    change(wheels)
    with pytest.raises(InputError, match=problem):
        compiled_wheels(load_assets(), wheels)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        compiled_wheels(load_assets(), tmp_path / "nothing")
