"""A cached conversion depends on the code that computes it, without comments."""

import ast
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

import torch2web
from torch2web.catalog import ModelSpec, Source
from torch2web.pipeline.conversions import Conversions, ConversionSettings
from torch2web.pipeline.keys import code_fingerprint
from torch2web.pipeline.keys.code_fingerprint import PACKAGES, STAGES, fingerprint
from torch2web.pipeline.keys.factory_code import factory_code
from torch2web.pipeline.keys.normalized_code import normalized_code
from torch2web.site.manifest import Backends


def test_comments_docstrings_and_layout_do_not_count() -> None:
    first = 'def f(x):\n    """Say."""\n    # why\n    return x + 1\n\nA = 1\n"""What A is."""\n'
    second = "def f(x): return (x + 1)\nA = 1"
    assert normalized_code(first) == normalized_code(second)


def test_code_counts() -> None:
    assert normalized_code("x = 1") != normalized_code("x = 2")
    assert normalized_code("f('a')") != normalized_code("f('b')")


def test_stages_and_packages_are_named(tmp_path: Path) -> None:
    found = fingerprint(Source("architecture", "mobilenet_v2"), tmp_path)
    assert sorted(found["stages"]) == sorted([*STAGES, "architecture", "convert"])
    assert sorted(found["packages"]) == sorted(PACKAGES)


def test_modules_of_the_pipeline_that_conversions_import_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counted: set[Path] = set()

    def record(_stage: str, modules: Iterable[Path], _kept: Path) -> str:
        counted.update(modules)
        return ""

    monkeypatch.setattr(code_fingerprint, "_code", record)
    fingerprint(Source("architecture", "mobilenet_v2"), tmp_path)
    root = Path(torch2web.__file__).parents[1]
    needed: set[Path] = set()
    waiting = set((root / "torch2web/pipeline/conversion").glob("*.py"))
    while waiting:
        needed |= waiting
        trees = [ast.parse(module.read_text()) for module in waiting]
        nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        paths = [root / f"{node.module}".replace(".", "/") for node in nodes]
        imported = {path.with_suffix(".py") for path in paths if "pipeline" in path.parts}
        waiting = {path for path in imported - needed if path.is_file()}
    assert needed <= counted


def test_another_architecture_changes_nothing_else(tmp_path: Path) -> None:
    sources = (Source("architecture", name) for name in ("mobilenet_v2", "landmark_cnn"))
    first, second = (fingerprint(source, tmp_path)["stages"] for source in sources)
    assert {stage for stage in first if first[stage] != second[stage]} == {"architecture"}


def test_kept_hashes_are_of_the_code_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root, cache = tmp_path / "torch2web", tmp_path / "cache"
    monkeypatch.setattr(code_fingerprint, "_ROOT", root)
    module = root / "plan" / "one.py"
    module.parent.mkdir(parents=True)

    def found(code: str) -> str:
        module.write_text(code)
        code_fingerprint._code.cache_clear()
        return code_fingerprint._code("plan", (module,), cache)

    first = found("A = 1\n")
    assert found("A = 2\n") != first
    assert found("A = 1  # one\n") == first
    (stored, *_) = cache.glob("code/plan-*/sha256")
    stored.write_text("0" * 64)
    assert [found(code) for code in ("A = 1\n", "A = 1  # one\n")] == [first, first], "a damaged one"
    monkeypatch.setattr(code_fingerprint, "normalized_code", lambda _source: pytest.fail("parsed again"))
    assert found("A = 1\n") == first


def test_code_of_a_factory_counts_and_what_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text("from parts.blocks import block\ndef build(): return block()\n")
    blocks = tmp_path / "parts" / "blocks.py"
    blocks.parent.mkdir()
    blocks.write_text("import json\ndef block(): return 1\n")
    (tmp_path / "train.py").write_text("A = 1\n")
    source = Source("factory", "nets:build")
    first = factory_code(source)
    assert sorted(first) == ["nets.py", "parts/blocks.py"]
    blocks.write_text("import json\ndef block(): return 1  # one\n")
    (tmp_path / "train.py").write_text("A = 2\n")
    assert factory_code(source) == first, "a comment, and a file that it does not import"
    blocks.write_text("import json\ndef block(): return 2\n")
    changed = factory_code(source)
    assert {name for name in changed if changed[name] != first[name]} == {"parts/blocks.py"}


def test_version_of_an_installed_factory_counts() -> None:
    assert factory_code(Source("factory", "numpy.linalg:norm")) == {"numpy": version("numpy")}


@pytest.mark.parametrize("package", ["PIL", "numpy", "onnx", "yaml", "google"])
def test_distributions_are_those_of_the_standard_library(package: str) -> None:
    expected = packages_distributions().get(package, [package])
    found = factory_code(Source("factory", f"{package}:nothing"))
    assert sorted(found) == sorted(set(expected))


def test_options_of_conversions_count(catalog: dict[str, ModelSpec], tmp_path: Path) -> None:
    """What one option made is not taken from the cache for another."""
    spec = catalog["mobilenet_emotion"]
    plain = ConversionSettings(tmp_path, Backends.BOTH, allow_dead=False, faces=True)

    def folder(settings: ConversionSettings) -> str:
        return Conversions.create(settings).entry(spec, None).folder.name

    others = (replace(plain, search=True), replace(plain, allow_dead=True), replace(plain, faces=False))
    assert len({folder(settings) for settings in (plain, *others)}) == 4
