"""Bundles TypeScript with Node: loader, pages, service worker and types. Holds their size budgets."""

import gzip
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import brotli

from torch2web.errors import BudgetError
from torch2web.store import cached_files, map_parallel, sha256_of_sources
from web.build.node import install_packages, pinned_version, run_node

WEB = Path(__file__).parents[1]
BUDGETS = WEB / "budgets.json"
"""Largest size of each script, gzipped, and of each module of the engine, in brotli; names without a hash."""

_MODULES = WEB / "node_modules"
_LOCK = WEB / "package-lock.json"
_RUNTIME_FILES = {
    "cpu": {
        # The wasm-only entry: the smallest, and the only one whose glue code needs no `new Function`.
        "api": "ort.wasm.min.mjs",
        "glue": "ort-wasm-simd-threaded.mjs",
        "wasm": "ort-wasm-simd-threaded.wasm",
    },
    "webgpu": {
        # Of the builds with WebGPU, the one below every host's file size limit; needs a browser with JSPI.
        "api": "ort.jspi.min.mjs",
        "glue": "ort-wasm-simd-threaded.jspi.mjs",
        "wasm": "ort-wasm-simd-threaded.jspi.wasm",
    },
}


def install_node_modules() -> None:
    """Install the packages that web/package-lock.json pins, unless they are there. Raises ToolError."""
    install_packages(WEB)


def node_package(name: str) -> Path:
    """Folder of an installed npm package."""
    return _MODULES / name


def runtime_version() -> str:
    """Version of onnxruntime-web that the lock file pins."""
    return pinned_version(WEB, "onnxruntime-web")


def runtime_files(kind: str) -> dict[str, Path]:
    """onnxruntime-web's files for "cpu" or "webgpu" by their role: api, glue, wasm."""
    folder = _MODULES / "onnxruntime-web" / "dist"
    return {role: folder / name for role, name in _RUNTIME_FILES[kind].items()}


def build_scripts(cache: Path) -> dict[str, bytes]:
    """The bundled scripts, their types and `exports.json`, by file name.

    Chunks that the loader imports on demand have their hash in their name. Kept in `cache` between builds.
    Raises ToolError, and BudgetError for a script over its budget.
    """
    sources = sha256_of_sources(WEB, script_sources())
    built: dict[str, bytes] = {}
    for target in ("scripts", "offline", "types"):
        built |= _bundled(cache, target, sources)
    check_script_budgets(built)
    return built


def check_script_budgets(scripts: Mapping[str, bytes]) -> dict[str, int]:
    """Gzipped bytes of each script, by its name without a hash. Raises BudgetError."""
    sizes = {
        _without_hash(name): len(gzip.compress(content, 9, mtime=0))
        for name, content in scripts.items()
        if name.endswith(".js") and name != "stub.js"  # a template of three lines
    }
    return _require_budgets(sizes, "gzipped")


def check_engine_budgets(modules: Mapping[str, bytes]) -> dict[str, int]:
    """Bytes of each of the engine's modules in brotli. Raises BudgetError."""
    sizes = map_parallel(lambda content: len(brotli.compress(content)), modules.values())
    return _require_budgets(dict(zip(modules, sizes, strict=True)), "in brotli")


def script_sources() -> Iterable[Path]:
    """All sources of the bundled scripts."""
    folders = ("element", "loader", "offline", "page", "report", "verify")
    yield from sorted(path for folder in folders for path in (WEB / folder).rglob("*.ts"))
    yield from (_LOCK, WEB / "build.mjs", WEB / "tsconfig.json", WEB / "offline" / "tsconfig.json")


def _require_budgets(sizes: dict[str, int], form: str) -> dict[str, int]:
    budgets = json.loads(BUDGETS.read_text())
    for name, size in sizes.items():
        if size > budgets[name]:
            raise BudgetError(name, size, budgets[name], form)
    return sizes


def _without_hash(name: str) -> str:
    stem, _, digest = name.removesuffix(".js").rpartition("-")
    return f"{stem}.js" if stem and len(digest) == 32 else name


def _bundled(cache: Path, target: str, sources: str) -> dict[str, bytes]:
    """The files that `build.mjs <target>` writes, by name; kept in `cache` under a hash of their sources."""

    def make(folder: Path) -> None:
        run_node(["build.mjs", target, str(folder), version("torch2web")], WEB)

    return cached_files(cache, target, f"{sources} {version('torch2web')}", make)
