"""Fingerprint of everything but a model's own inputs that a conversion depends on.

A cached conversion is used again as long as its fingerprint is the same: the code of each stage, without
comments, docstrings and layout, and the versions of the packages that compute. Cached conversions therefore
stay valid when a comment, the page or another architecture changes.
"""

import hashlib
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch2web
from torch2web.catalog import Source
from torch2web.file_managers import is_of_file_manager
from torch2web.pipeline.keys.factory_code import factory_code
from torch2web.pipeline.keys.normalized_code import normalized_code
from torch2web.store import cached_files

STAGES = ("coding", "demo", "images", "plan", "sources", "tasks", "variants", "verification")
"""Packages of `torch2web` whose code takes part in a conversion; besides, the model's own architecture."""

PACKAGES = ("numpy", "onnx", "onnxruntime", "onnxscript", "pillow", "torch")
"""Distributions whose code takes part in a conversion."""

_ROOT = Path(torch2web.__file__).parent
_FOLDER = "code"
_DIGEST = "sha256"


def fingerprint(source: Source, cache_folder: Path) -> dict[str, dict[str, str]]:
    """SHA-256 of each stage's code by stage, of the network's own code, and the version of each package.

    A build's cache has hashes of code that has not changed since.
    """
    code = {stage: _modules(_ROOT / stage) for stage in STAGES}
    if source.kind == "architecture":
        code["architecture"] = (_ROOT / "architectures" / f"{source.name}.py",)
    own = (_ROOT / "pipeline" / "own_pictures.py",)
    code["convert"] = (*_modules(_ROOT / "pipeline" / "conversion"), *own)
    stages = {stage: _code(stage, modules, cache_folder) for stage, modules in code.items()}
    packages = {name: version(name) for name in PACKAGES}
    return {"stages": stages, "packages": packages, "factory": factory_code(source)}


def drawing_fingerprint(cache_folder: Path) -> str:
    """Of the code that draws faces and reference images, and the packages that it draws with."""
    code = [_code(stage, _modules(_ROOT / stage), cache_folder) for stage in ("demo", "verification")]
    return " ".join([*code, *(f"{name} {version(name)}" for name in ("numpy", "pillow"))])


def _modules(folder: Path) -> tuple[Path, ...]:
    found = sorted(folder.rglob("*.py"))
    return tuple(path for path in found if not is_of_file_manager(path.relative_to(folder)))


@cache
def _code(stage: str, modules: tuple[Path, ...], cache_folder: Path) -> str:
    """SHA-256 of the modules' normalized code. Parsing them takes half a second of an unchanged build."""
    sources = {path.relative_to(_ROOT).as_posix(): path.read_bytes() for path in modules}
    digest = hashlib.sha256(sys.version.encode())  # syntax trees are of a version of Python
    for name, source in sources.items():
        digest.update(f"{name} {hashlib.sha256(source).hexdigest()}".encode())

    def parse(folder: Path) -> None:
        (folder / _DIGEST).write_text(_normalized(sources))

    return cached_files(cache_folder / _FOLDER, stage, digest.hexdigest(), parse)[_DIGEST].decode()


def _normalized(sources: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, source in sources.items():
        digest.update(name.encode())
        digest.update(normalized_code(source.decode("utf-8")).encode())
    return digest.hexdigest()
