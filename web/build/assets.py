"""Compiles the assets into converter/torch2web/assets/files/, unless they are up to date."""

import hashlib
import json
import lzma
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from torch2web.assets import COMPRESSED, FILES, INDEX, PACKAGE
from torch2web.file_managers import files_below, is_of_file_manager
from torch2web.store import cached_files, map_parallel, sha256_of_sources, swapped_in
from web.build.coder import checked_coder, coder_sources
from web.build.docs import build_docs, docs_sources
from web.build.engine import ENGINE, ENGINE_BUILDS, build_engine
from web.build.npm import archive_of, build_package, package_sources
from web.build.python_packages import PURE, pack_installed
from web.build.scripts import (
    WEB,
    build_scripts,
    check_engine_budgets,
    install_node_modules,
    node_package,
    runtime_files,
    runtime_version,
    script_sources,
)

ROOT = WEB.parent
CACHE = ROOT / ".cache" / "assets"
TEMPLATES = ROOT / "templates"
STYLES = "page"
"""Folder of the templates whose style sheets make up page.css."""
_NOT_OF_A_SITE = (f"{STYLES}/", "docs/")
"""Folders of templates that no build of a site reads: joined, or rendered here."""
TOKENS = "10-tokens.css"
"""The one with colours, fonts, links, focus and wide tables, for report and documentation too."""

PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")

COMPRESSED_OVER = 2**16
"""Bytes over which a wheel has some kinds of files in xz's format: Deflate's takes up to half more."""
_COMPRESSIBLE = (".json", ".mjs", ".tar", ".wasm")
# For WebAssembly: contexts of four bits of the last byte, and none of its position, as nothing is aligned.
_XZ = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 2**24, "lc": 4, "pb": 0}]


def refresh_assets() -> bool:
    """Compile the assets if any source changed; returns whether it did. Raises ToolError or BudgetError."""
    sources = sources_sha256()
    if _is_current(sources):
        return False
    install_node_modules()
    with ThreadPoolExecutor(1) as pool:
        package = pool.submit(build_package, CACHE)  # Node, beside the compiler of the engine
        contents = dict(_contents())
        contents[PACKAGE] = archive_of(package.result())
    with swapped_in(FILES) as folder:
        write_assets(folder, contents, sources)
    return True


def sources_sha256() -> str:
    """One SHA-256 over all sources of the assets."""
    files = [
        *script_sources(),
        *sorted(ENGINE.rglob("*.[ch]")),
        *coder_sources(),
        *(TEMPLATES / path for path in files_below(TEMPLATES)),
        *_judge_files(),
        *sorted(Path(__file__).parent.glob("*.py")),
        *docs_sources(),
        *package_sources(),
        ROOT / "models.toml",
    ]
    packages = ("markdown-it-py", "ziglang", *PURE)
    versions = " ".join(f"{name} {version(name)}" for name in packages)
    return hashlib.sha256(f"{sha256_of_sources(ROOT, files)} {versions}".encode()).hexdigest()


def write_assets(folder: Path, contents: dict[str, bytes], sources: str, *, small: bool = False) -> None:
    """Write `contents` by path and their index into `folder`; `small`: large ones in xz's format."""
    packed = {
        path: content
        for path, content in contents.items()
        if small and path.endswith(_COMPRESSIBLE) and len(content) > COMPRESSED_OVER
    }
    compressed = dict(zip(packed, map_parallel(_compressed, packed.values()), strict=True))
    files = {}
    for path, content in sorted(contents.items()):
        target = folder / (path + COMPRESSED if path in compressed else path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(compressed.get(path, content))
        digest = hashlib.sha256(content).hexdigest()
        files[path] = {"size": len(content), "sha256": digest, "compressed": path in compressed}
    index = {"sources": sources, "onnxruntime-web": runtime_version(), "files": files}
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n")


def _contents() -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every asset."""
    for name, content in checked_coder(CACHE).items():
        yield f"coder/{name}", content
    for name, content in build_scripts(CACHE).items():
        yield f"scripts/{name}", content
    modules = build_engine(CACHE)
    check_engine_budgets(modules)
    for build, name in ENGINE_BUILDS.items():
        yield f"engine/{build}/{name}", modules[name]
    for kind in ("cpu", "webgpu"):
        for role, path in runtime_files(kind).items():
            yield f"onnxruntime/{kind}/{role}/{path.name}", path.read_bytes()
    for name in PYODIDE:
        yield f"pyodide/{name}", (node_package("pyodide") / name).read_bytes()
    for name in PURE:
        file_name, content = pack_installed(name)
        yield f"wheels/{file_name}", content
    for path in _judge_files():
        yield f"judge/{path.name}", path.read_bytes()
    for name in files_below(TEMPLATES):
        if not name.startswith(_NOT_OF_A_SITE):
            yield f"templates/{name}", (TEMPLATES / name).read_bytes()
    yield f"templates/{STYLES}.css", page_style()
    for name, content in build_docs(CACHE).items():
        yield f"docs/{name}", content
    yield "templates/tokens.css", (TEMPLATES / STYLES / TOKENS).read_bytes()
    yield "models.toml", (ROOT / "models.toml").read_bytes()


def page_style() -> bytes:
    """page.css: the files of templates/page/, joined in the order of their names."""
    return b"\n".join(path.read_bytes() for path in sorted((TEMPLATES / STYLES).glob("*.css")))


def _judge_files() -> list[Path]:
    """The tests that judge the loader inside the page, in Pyodide."""
    found = sorted((WEB / "verify" / "python").glob("*.py"))
    return [path for path in found if not is_of_file_manager(Path(path.name))]


def _is_current(sources: str) -> bool:
    try:
        index = json.loads((FILES / INDEX).read_text())
    except (OSError, ValueError):
        return False
    return bool(index.get("sources") == sources)


def _compressed(content: bytes) -> bytes:
    """In xz's format, kept between builds."""

    def make(folder: Path) -> None:
        (folder / "compressed.xz").write_bytes(lzma.compress(content, filters=_XZ))

    digest = hashlib.sha256(repr(_XZ).encode() + content).hexdigest()
    return cached_files(CACHE, f"xz-{digest[:8]}", digest, make)["compressed.xz"]
