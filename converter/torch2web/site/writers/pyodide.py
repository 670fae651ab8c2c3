"""Python for the browser: Pyodide's own files from npm, and the wheels that are installed into it."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from typing import Any

from torch2web.assets import node_package
from torch2web.errors import InputError

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PURE = ("iniconfig", "packaging", "pluggy", "pygments", "pytest")
"""pytest and what it needs, taken from where this Python has them installed."""
COMPILED = ("numpy", "pillow")

_IMPORTS = {"pillow": "PIL"}
_INSTALLERS_OWN = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"}


@dataclass(frozen=True)
class Wheel:
    """One package for Pyodide."""

    name: str
    version: str
    file_name: str
    content: bytes

    def as_lock_entry(self, depends: Sequence[str]) -> dict[str, Any]:
        """Its entry of pyodide-lock.json."""
        return {
            "name": self.name,
            "version": self.version,
            "file_name": self.file_name,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "install_dir": "site",
            "package_type": "package",
            "imports": [_IMPORTS.get(self.name, self.name)],
            "depends": list(depends),
            "unvendored_tests": False,
        }


def core_files() -> dict[str, Path]:
    """Pyodide itself, by file name."""
    return {name: node_package("pyodide") / name for name in CORE}


def lock_json(wheels: Sequence[Wheel]) -> bytes:
    """A pyodide-lock.json with these wheels and no others."""
    lock = json.loads((node_package("pyodide") / "pyodide-lock.json").read_text())
    pure = {wheel.name for wheel in wheels} & set(PURE)
    packages = {
        wheel.name: wheel.as_lock_entry(sorted(pure - {"pytest"}) if wheel.name == "pytest" else ())
        for wheel in wheels
    }
    return json.dumps({"info": lock["info"], "packages": packages}, indent=1).encode() + b"\n"


def pack_installed(name: str) -> Wheel:
    """The wheel that a pure Python package was installed from, packed again: each time the same bytes."""
    package = distribution(name)
    packed = io.BytesIO()
    files = {
        file.as_posix(): Path(str(file.locate())).read_bytes()
        for file in sorted(package.files or [])
        if file.suffix != ".pyc" and ".." not in file.parts and file.name not in _INSTALLERS_OWN
    }
    info = next(PurePosixPath(path).parent for path in files if path.endswith(".dist-info/METADATA"))
    # A RECORD lists each file and may leave its hash out; the lock file has the hash of the whole.
    record = f"{info}/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [*files, record]).encode()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return Wheel(name, package.version, f"{name}-{package.version}-py3-none-any.whl", packed.getvalue())


def compiled_wheels(folder: Path | None) -> list[Wheel]:
    """NumPy and Pillow for this Pyodide from `folder`, or without one from the Pyodide that is installed.

    Pyodide's npm package is the core alone, so there are none then; its whole distribution has them. Raises
    InputError where `folder` does not have them.
    """
    return wheels_of_distribution(node_package("pyodide")) if folder is None else _wheels_in(folder)


def wheels_of_distribution(folder: Path) -> list[Wheel]:
    """NumPy and Pillow as the lock file of a Pyodide names them, if they lie beside it; else none."""
    lock = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    wheels = []
    for name in COMPILED:
        path = folder / lock[name]["file_name"]
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != lock[name]["sha256"]:
            return []
        wheels.append(Wheel(name, lock[name]["version"], path.name, content))
    return wheels


def _wheels_in(folder: Path) -> list[Wheel]:
    if not folder.is_dir():
        raise InputError(
            f"PYODIDE_WHEELS: {folder}: there is no such folder; "
            "it should hold the wheels of NumPy and Pillow for Pyodide"
        )
    abi = json.loads((node_package("pyodide") / "pyodide-lock.json").read_text())["info"]["abi_version"]
    sums = _sums(folder)
    wheels = []
    for name in COMPILED:
        fitting = sorted(folder.glob(f"{name}-*-*pyemscripten_{abi}_wasm32.whl"))
        if len(fitting) != 1:
            found = ", ".join(path.name for path in fitting or sorted(folder.glob("*.whl"))) or "no wheel"
            raise InputError(
                f"PYODIDE_WHEELS: {folder}: "
                f"expected one wheel of {name} for pyemscripten_{abi}_wasm32, found {found}"
            )
        path = fitting[0]
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if sums.get(path.name, digest) != digest:
            raise InputError(
                f"PYODIDE_WHEELS: {path}: SHA-256 {digest}, expected {sums[path.name]} of SHA256SUMS"
            )
        wheels.append(Wheel(name, path.name.split("-")[1], path.name, content))
    return wheels


def _sums(folder: Path) -> Mapping[str, str]:
    if not (folder / "SHA256SUMS").is_file():
        return {}
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {name.lstrip(" *"): digest for digest, _, name in (line.partition(" ") for line in lines)}
