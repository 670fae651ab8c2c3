"""Rules of the layout: folders are used through their __init__, and nothing in the product reads tests/."""

import ast
from pathlib import Path

import torch2web
from tests.conftest import ROOT

PACKAGE = Path(torch2web.__file__).parent
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if PACKAGE / "assets/files" not in path.parents]


def imports_of(module: Path) -> list[str]:
    """Dotted names of the modules imported by `module`."""
    tree = ast.parse(module.read_text())
    return [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]


def test_folders_are_imported_through_their_init() -> None:
    """Except from inside: a module may import modules of the folders that contain it."""
    wrong = []
    for module in MODULES:
        inside = {module.parent, *module.parent.parents}
        for name in imports_of(module):
            target = PACKAGE.parent.joinpath(*name.split("."))
            if not name.startswith("torch2web.") or target.is_dir() or target.parent in inside:
                continue
            wrong.append(f"{module.relative_to(PACKAGE)} imports {name}")
    assert wrong == []


def test_nothing_in_the_product_names_the_tests() -> None:
    sources = [*MODULES, *(ROOT / "web/build").glob("*.py"), ROOT / "web/build.mjs"]
    assert len(sources) > 100
    assert [path.name for path in sources if "tests/" in path.read_text()] == []


def test_every_package_says_what_it_is() -> None:
    packages = [path for path in MODULES if path.name == "__init__.py"]
    lacking = [path for path in packages if ast.get_docstring(ast.parse(path.read_text())) is None]
    assert lacking == []
