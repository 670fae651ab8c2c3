"""Fingerprint of everything but a model's own inputs that a conversion depends on.

A cached conversion is used again as long as its fingerprint is the same: the code of each stage, without
comments, docstrings and layout, and the versions of the packages that compute. Cached conversions therefore
stay valid when a comment, the page or another architecture changes.
"""

import ast
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch2web
from torch2web.file_managers import is_of_file_manager

STAGES = ("demo", "images", "plan", "sources", "tasks", "variants", "verification")
"""Packages of `torch2web` whose code takes part in a conversion; besides, the model's own architecture."""

PACKAGES = ("numpy", "onnx", "onnxruntime", "pillow", "torch")
"""Distributions whose code takes part in a conversion."""

_ROOT = Path(torch2web.__file__).parent


def fingerprint(architecture: str) -> dict[str, dict[str, str]]:
    """SHA-256 of each stage's code by stage, and the version of each package."""
    stages = {stage: _code(_modules(_ROOT / stage)) for stage in STAGES}
    stages["architecture"] = _code((_ROOT / "architectures" / f"{architecture}.py",))
    stages["convert"] = _code((_ROOT / "pipeline" / "convert.py",))
    return {"stages": stages, "packages": {name: version(name) for name in PACKAGES}}


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


def normalized_code(source: str) -> str:
    """The syntax tree of `source` as text, without docstrings, comments and positions."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_docstring(line)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_docstring(line: ast.AST) -> bool:
    """Whether `line` is a string that nothing uses: a docstring of a module, class, function or attribute."""
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )
