"""What the browser runs: the loader and the page bundled from web/, and onnxruntime-web's own files."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import brotli

from converter.errors import BudgetError
from converter.hashing import FileRecord, sha256_of_sources
from converter.kept import kept_files
from converter.node import install_packages, pinned_version, run_node
from converter.pages import integrity
from converter.side_by_side import side_by_side

WEB = Path(__file__).parent.parent / "web"
BUDGETS = WEB / "budgets.json"
"""Most bytes of each script, gzipped, and of each module of the engine, in brotli; names have no hash."""

_MODULES = WEB / "node_modules"
_LOCK = WEB / "package-lock.json"
_RUNTIME_FILES = {
    "cpu": {
        # The wasm-only entry: the smallest, and the one whose glue needs no `new Function`.
        "api": "ort.wasm.min.mjs",
        "glue": "ort-wasm-simd-threaded.mjs",
        "wasm": "ort-wasm-simd-threaded.wasm",
    },
    "webgpu": {
        # Of those with WebGPU the one below every host's limit, for browsers that have JSPI.
        "api": "ort.jspi.min.mjs",
        "glue": "ort-wasm-simd-threaded.jspi.mjs",
        "wasm": "ort-wasm-simd-threaded.jspi.wasm",
    },
}


@dataclass(frozen=True)
class Scripts:
    """The bundled files, the same for every site."""

    loader: bytes
    stub: bytes
    """Template of a site's torch2web.js."""
    parts: Mapping[str, bytes]
    """What the loader imports when it is needed, by file name."""
    page: bytes
    verify: bytes
    """The script of verify.html."""
    types: bytes

    def stub_for(self, loader: str, manifest_sha256: str) -> bytes:
        """torch2web.js of a site: pins its manifest in `loader`, whose public names it exports."""
        names = {b"__LOADER__": loader, b"__MODEL_INFO_SHA256__": manifest_sha256}
        stub = self.stub
        for placeholder, name in names.items():
            stub = stub.replace(placeholder, name.encode())
        return stub

    @property
    def gzipped(self) -> dict[str, int]:
        """Bytes of each script as a server sends it, by its name without a hash."""
        scripts = {"torch2web.js": self.loader, "page.js": self.page, "verify.js": self.verify}
        scripts |= {f"{name.partition('-')[0]}.js": content for name, content in self.parts.items()}
        return {name: len(gzip.compress(content, 9, mtime=0)) for name, content in scripts.items()}


def install_node_modules() -> None:
    """Install what web/package-lock.json pins, unless it is there already. Raises ToolError."""
    install_packages(WEB)


def runtime_version() -> str:
    """Version of onnxruntime-web that the lock file pins."""
    return pinned_version(WEB, "onnxruntime-web")


def runtime_files(kind: str) -> dict[str, Path]:
    """onnxruntime-web's files for "cpu" or "webgpu" by their role: api, glue, wasm."""
    folder = _MODULES / "onnxruntime-web" / "dist"
    return {role: folder / name for role, name in _RUNTIME_FILES[kind].items()}


def node_package(name: str) -> Path:
    """Where `install_node_modules` put an npm package."""
    return _MODULES / name


def build_scripts(cache: Path) -> Scripts:
    """Bundle the loader, its types and the pages' scripts.

    Kept in `cache` between builds. Raises ToolError, and BudgetError for a script that grew too large.
    """
    sources = sha256_of_sources(WEB, _sources())
    scripts = _bundled(cache, "scripts", sources)
    types = _bundled(cache, "types", sources)
    names = ("torch2web.js", "stub.js", "page.js", "verify.js")
    loader, stub, page, verify = (scripts.pop(name) for name in names)
    built = Scripts(loader, stub, scripts, page, verify, types["torch2web.d.ts"])
    budgets = json.loads(BUDGETS.read_text())
    for name, size in built.gzipped.items():
        if size > budgets[name]:
            raise BudgetError(name, size, budgets[name])
    return built


def build_offline(shell: Sequence[FileRecord], cache: Path) -> bytes:
    """The service worker that keeps the files of `shell`, and just these bytes of them.

    Its first line lists them; the script after it is the same for every site. Kept in `cache` between builds.
    Raises ToolError, and BudgetError if it grew too large.
    """
    files = {file.path: integrity(file.sha256) for file in sorted(shell, key=lambda file: file.path)}
    version = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    listing = json.dumps({"version": version, "files": files}, separators=(",", ":"))
    script = _bundled(cache, "offline", sha256_of_sources(WEB, _sources()))["offline.js"]
    content = f"self.torch2webShell={listing};\n".encode() + script
    size, budget = len(gzip.compress(content, 9, mtime=0)), json.loads(BUDGETS.read_text())["offline.js"]
    if size > budget:
        raise BudgetError("offline.js", size, budget)
    return content


def check_engine_budgets(modules: Mapping[str, bytes]) -> dict[str, int]:
    """Bytes of each of the engine's modules in brotli. Raises BudgetError for one that grew too large."""
    sizes = side_by_side(lambda content: len(brotli.compress(content)), modules.values())
    compressed = dict(zip(modules, sizes, strict=True))
    budgets = json.loads(BUDGETS.read_text())
    for name, size in compressed.items():
        if size > budgets[name]:
            raise BudgetError(name, size, budgets[name], "in brotli")
    return compressed


def _bundled(cache: Path, what: str, sources: str) -> dict[str, bytes]:
    """What `build.mjs <what>` writes, by file name; kept in `cache` under a hash of what it is made from."""

    def make(folder: Path) -> None:
        run_node(["build.mjs", what, str(folder)], WEB)

    return kept_files(cache, what, sources, make)


def _sources() -> Iterable[Path]:
    folders = ("loader", "offline", "page", "verify")
    yield from sorted(path for folder in folders for path in (WEB / folder).rglob("*.ts"))
    yield from (_LOCK, WEB / "build.mjs", WEB / "tsconfig.json", WEB / "offline" / "tsconfig.json")


if __name__ == "__main__":
    install_node_modules()
