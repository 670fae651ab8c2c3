"""Python for the browser: Pyodide, and the wheels that are installed into it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.assets import Assets
from torch2web.errors import InputError
from torch2web.text_files import read_text

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
COMPILED = ("numpy", "pillow")

_IMPORTS = {"pillow": "PIL"}


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


def lock_json(assets: Assets, wheels: Sequence[Wheel]) -> bytes:
    """A pyodide-lock.json with these wheels and no others."""
    pure = {wheel.name for wheel in wheels} - set(COMPILED)
    packages = {
        wheel.name: wheel.as_lock_entry(sorted(pure - {"pytest"}) if wheel.name == "pytest" else ())
        for wheel in wheels
    }
    return json.dumps({"info": _info(assets), "packages": packages}, indent=1).encode() + b"\n"


def pure_wheels(assets: Assets) -> list[Wheel]:
    """pytest and its dependencies."""
    wheels = []
    for path in assets.below("wheels/"):
        file_name = path.removeprefix("wheels/")
        name, version, *_ = file_name.split("-")
        wheels.append(Wheel(name, version, file_name, assets.read(path)))
    return wheels


def compiled_wheels(assets: Assets, folder: Path | None) -> list[Wheel]:
    """NumPy and Pillow for this Pyodide from `folder`; none without a folder.

    Pyodide's npm package is the core alone. Raises InputError where `folder` does not have them.
    """
    return [] if folder is None else _wheels_in(folder, _info(assets)["abi_version"])


def _info(assets: Assets) -> dict[str, str]:
    """Versions of this Pyodide, from its own lock file."""
    info: dict[str, str] = json.loads(assets.read("pyodide/pyodide-lock.json"))["info"]
    return info


def _wheels_in(folder: Path, abi: str) -> list[Wheel]:
    if not folder.is_dir():
        raise InputError(
            f"PYODIDE_WHEELS: {folder}: there is no such folder; "
            "it should hold the wheels of NumPy and Pillow for Pyodide"
        )
    sums = _sums(folder)
    wheels = []
    for name in COMPILED:
        fitting = sorted(folder.glob(f"{name}-*-*pyemscripten_{abi}_wasm32.whl"))
        if len(fitting) != 1:
            found = ", ".join(path.name for path in fitting or sorted(folder.glob("[!.]*.whl"))) or "no wheel"
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
    lines = read_text(folder / "SHA256SUMS").splitlines()
    return {name.lstrip(" *"): digest for digest, _, name in (line.partition(" ") for line in lines)}
