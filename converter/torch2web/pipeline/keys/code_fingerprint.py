"""Fingerprint of everything but a model's own inputs that a conversion depends on.

A cached conversion is used again as long as its fingerprint is the same: the code of each stage, without
comments, docstrings and layout, and the versions of the packages that compute. Cached conversions therefore
stay valid when a comment, the page or another architecture changes.
"""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch2web
from torch2web.catalog import Source
from torch2web.file_managers import is_of_file_manager
from torch2web.pipeline.keys.factory_code import factory_code
from torch2web.pipeline.keys.normalized_code import normalized_code

STAGES = ("coding", "demo", "images", "plan", "sources", "tasks", "variants", "verification")
"""Packages of `torch2web` whose code takes part in a conversion; besides, the model's own architecture."""

PACKAGES = ("numpy", "onnx", "onnxruntime", "onnxscript", "pillow", "torch")
"""Distributions whose code takes part in a conversion."""

_ROOT = Path(torch2web.__file__).parent


def fingerprint(source: Source) -> dict[str, dict[str, str]]:
    """SHA-256 of each stage's code by stage, of the network's own code, and the version of each package."""
    stages = {stage: _code(_modules(_ROOT / stage)) for stage in STAGES}
    if source.kind == "architecture":
        stages["architecture"] = _code((_ROOT / "architectures" / f"{source.name}.py",))
    own = (_ROOT / "pipeline" / "own_pictures.py",)
    stages["convert"] = _code((*_modules(_ROOT / "pipeline" / "conversion"), *own))
    packages = {name: version(name) for name in PACKAGES}
    return {"stages": stages, "packages": packages, "factory": factory_code(source)}


def drawing_fingerprint() -> str:
    """Of the code that draws faces and reference images, and the packages that it draws with."""
    code = [_code(_modules(_ROOT / stage)) for stage in ("demo", "verification")]
    return " ".join([*code, *(f"{name} {version(name)}" for name in ("numpy", "pillow"))])


def _modules(folder: Path) -> tuple[Path, ...]:
    found = sorted(folder.rglob("*.py"))
    return tuple(path for path in found if not is_of_file_manager(path.relative_to(folder)))


@cache
def _code(modules: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        digest.update(module.relative_to(_ROOT).as_posix().encode())
        digest.update(normalized_code(module.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()
