"""What Pyodide is given: packages packed again, wheels from a folder, and the lock file that names them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from torch2web.errors import InputError
from torch2web.site.writers.pyodide import (
    COMPILED,
    PURE,
    compiled_wheels,
    core_files,
    lock_json,
    pack_installed,
    wheels_of_distribution,
)

ABI = "pyemscripten_2026_0_wasm32"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder as PYODIDE_WHEELS names it; what the wheels hold is nobody's business here."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in COMPILED:
        (folder / f"{name}-1.2.3-cp314-cp314-{ABI}.whl").write_bytes(name.encode())
    return folder


def test_packing_gives_the_same_bytes_and_all_that_pytest_needs() -> None:
    wheel = pack_installed("pytest")
    assert pack_installed("pytest").content == wheel.content
    names = zipfile.ZipFile(io.BytesIO(wheel.content)).namelist()
    assert "pytest/__init__.py" in names
    assert not [name for name in names if name.endswith(".pyc") or name.startswith("..")]


def test_lock_names_these_packages_and_no_others(wheels: Path) -> None:
    packages = [*map(pack_installed, PURE), *compiled_wheels(wheels)]
    lock = json.loads(lock_json(packages))
    assert sorted(lock["packages"]) == sorted([*PURE, *COMPILED])
    for wheel in packages:
        assert lock["packages"][wheel.name]["sha256"] == hashlib.sha256(wheel.content).hexdigest()
    assert lock["packages"]["pytest"]["depends"] == ["iniconfig", "packaging", "pluggy", "pygments"]
    assert lock["packages"]["pillow"]["imports"] == ["PIL"]


def test_core_is_there() -> None:
    assert all(path.is_file() for path in core_files().values())


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
        compiled_wheels(wheels)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        compiled_wheels(tmp_path / "nothing")


def test_a_whole_distribution_has_its_own(tmp_path: Path) -> None:
    contents = {f"{name}.whl": name.encode() for name in COMPILED}
    lock = {
        "packages": {
            name: {
                "version": "1.2.3",
                "file_name": f"{name}.whl",
                "sha256": hashlib.sha256(contents[f"{name}.whl"]).hexdigest(),
            }
            for name in COMPILED
        }
    }
    (tmp_path / "pyodide-lock.json").write_text(json.dumps(lock))
    assert wheels_of_distribution(tmp_path) == [], "the core alone, as npm has it"
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    assert [wheel.name for wheel in wheels_of_distribution(tmp_path)] == list(COMPILED)
    (tmp_path / "numpy.whl").write_bytes(b"something else")
    assert wheels_of_distribution(tmp_path) == []
