"""What the network of a factory is made of: the code of its modules, and the versions of its packages.

Nothing is imported: an unchanged rebuild must not wait for torch. Modules are found as the import system
finds them, the current folder first, and the imports in their code are followed as long as they lead to code
that is not installed.
"""

import ast
import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path

from torch2web.catalog import Source
from torch2web.pipeline.keys.normalized_code import normalized_code

_INSTALLED = ("site-packages", "dist-packages")


def factory_code(source: Source) -> dict[str, str]:
    """SHA-256 by file of the factory's own code, and versions by distribution; empty without a factory."""
    if source.kind == "timm":
        return _versions({"timm"})
    if source.kind != "factory":
        return {}
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        return _follow(source.name.partition(":")[0])
    finally:
        sys.path.remove(folder)


def _follow(module: str) -> dict[str, str]:
    found: dict[str, str] = {}
    packages: set[str] = set()
    waiting, seen = [module], {module}
    while waiting:
        name = waiting.pop()
        root = _own_root(name.partition(".")[0])
        if root is None:
            packages.add(name.partition(".")[0])
            continue
        for path in _files_of(root, name):
            if (key := path.relative_to(root).as_posix()) in found:
                continue
            content = path.read_bytes()
            try:
                code = normalized_code(content.decode("utf-8"))
                imports = set(_imports(content.decode("utf-8"), _package_of(root, path)))
            except (SyntaxError, ValueError):  # the import reports it
                code, imports = "", set()
            found[key] = hashlib.sha256(code.encode() or content).hexdigest()
            waiting += imports - seen
            seen |= imports
    return {**found, **_versions(packages)}


def _own_root(top: str) -> Path | None:
    """The folder in which the module `top` lies; None where it is installed, part of Python, or missing."""
    if top in sys.stdlib_module_names:
        return None
    try:
        # Of a top-level name: imports nothing. Modules that are imported already may be of another folder.
        spec = PathFinder.find_spec(top, [str(Path.cwd())]) or importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    places = [spec.origin] if spec and spec.has_location else []
    places += list(spec.submodule_search_locations or ()) if spec and not places else []
    place = next((place for place in places if place), None)
    if place is None or any(part in _INSTALLED for part in Path(place).parts):
        return None
    path = Path(place)
    return path.parent.parent if path.name == "__init__.py" else path.parent


def _files_of(root: Path, module: str) -> Iterator[Path]:
    """Files that importing `module` runs: its own and its packages'."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        base = root.joinpath(*parts[:end])
        for path in (base / "__init__.py", base.with_suffix(".py")):
            if path.is_file():
                yield path


def _package_of(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).parent.parts)


def _imports(code: str, package: str) -> Iterator[str]:
    """Dotted names that `code` may import; of `from a import b` both a and a.b."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            name = ".".join(part for part in (base, node.module or "") if part)
            if name:
                yield name
                yield from (f"{name}.{alias.name}" for alias in node.names)


def _versions(packages: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for package in sorted(packages - set(sys.stdlib_module_names)):
        for name in _distributions_of(package):
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "not installed"
    return found


def _distributions_of(package: str) -> list[str]:
    """Names of the distributions that `package` comes from; its own name where there are none.

    As `importlib.metadata.packages_distributions`, of one package: that reads all files of all others.
    """
    names = (one.metadata["Name"] for one in distributions() if _contains(one, package))
    return sorted(set(names)) or [package]


def _contains(one: Distribution, package: str) -> bool:
    if top_level := one.read_text("top_level.txt"):
        return package in top_level.split()
    record = one.read_text("RECORD") or ""
    return re.search(rf"^{re.escape(package)}[/.]", record, re.MULTILINE) is not None
