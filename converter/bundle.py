"""Puts everything together in site/: models, manifest, loader, runtime, page, samples, checksums."""

import errno
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from converter.backend_files import write_engine, write_runtime
from converter.backends import Backends
from converter.check_manifest import SCHEMA
from converter.demo.faces import LABELS as DRAWN_LABELS
from converter.errors import InputError, OutputError
from converter.hashing import FileRecord, read_blocks, write_bytes_hashed, write_hashed
from converter.hosts import write_host_files
from converter.manifest import ModelRecord, checksums_json, manifest_json
from converter.pages import TEMPLATES, integrity, render
from converter.parts import write_named
from converter.precompress import precompress
from converter.samples import draw_samples
from converter.schema import FOLDER as SCHEMAS
from converter.signing import sign_manifest
from converter.signing_keys import SigningKey
from converter.verify_page import FOLDER as VERIFY_FOLDER
from converter.verify_page import Judged, write_verify_page
from converter.webassets import build_offline, build_scripts

MANIFEST = "models/model_info.json"
CHECKSUMS = "models/model_checksums.json"
ENTRY = "torch2web.js"
"""The loader's stub: it pins the site's manifest, and imports the loader by the name with its hash."""
OFFLINE = "offline.js"
"""The service worker, whose name registrations hold on to."""
SUMS = "SHA256SUMS"
"""Checksums of every other file of the site, in the form that `sha256sum -c` reads."""


@dataclass(frozen=True)
class Delivery:
    """How the site is to be put onto a server."""

    max_file_size: int = 20 * 2**20
    """Most bytes of a file that the page loads; larger ones are split."""
    backends: Backends = Backends.BOTH
    plain_models: bool = True
    """Whether the whole ONNX files are part of it, which only servers and people need."""
    precompressed: bool = True
    """Whether files that shrink have a `.br` and a `.gz` beside them."""
    verify_page: bool = True
    signing_key: SigningKey | None = None
    pyodide_wheels: Path | None = None
    """Folder with NumPy and Pillow for Pyodide; None leaves the tests that need them to skip."""


@dataclass(frozen=True)
class Bundle:
    """What was written: every file, and the sizes of scripts and engine as they are sent."""

    files: tuple[FileRecord, ...]
    scripts_gzipped: Mapping[str, int]
    engine_compressed: Mapping[str, int]
    """In brotli; empty without the compiled backend."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def require_replaceable(site: Path) -> None:
    """Raise OutputError unless `site` may be replaced: it is absent, empty, or holds just a built site."""
    if not site.exists() and not site.is_symlink():
        return
    if not site.is_dir() or site.is_symlink():
        raise OutputError(site, "it is not a folder; --out names the folder to write the site to")
    present = {path.relative_to(site).as_posix() for path in site.rglob("*") if not path.is_dir()}
    if strange := sorted(present - {SUMS, *read_sums(site)[0]}):
        shown = ", ".join(strange[:3]) + (", …" if len(strange) > 3 else "")
        problem = f"it holds {shown}, which no build put there and which would be lost"
        raise OutputError(site, f"{problem}; move that away or name another folder with --out")


def read_sums(site: Path) -> tuple[dict[str, str], list[str]]:
    """SHA-256 by path as `site` records them, and the lines that do not fit; empty where it has no record."""
    sums: dict[str, str] = {}
    strange: list[str] = []
    if (site / SUMS).is_file():
        for line in (site / SUMS).read_text(errors="replace").splitlines():
            digest, separator, path = line.partition("  ")
            if separator and len(digest) == 64:
                sums[path] = digest
            else:
                strange.append(line)
    return sums, strange


@contextmanager
def full_disk_explained(site: Path) -> Iterator[None]:
    """Say what a full disk means for `site`: OutputError in place of the system's error."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(site, "the disk is full; whatever was there before is as it was") from error
        raise


def write_site(
    root: Path, generator: str, models: Sequence[ModelRecord], cache: Path, delivery: Delivery
) -> Bundle:
    """Write everything else into `root`, where the models' files are already placed.

    Raises ToolError, BudgetError, InputError or OutputError.
    """
    most = delivery.max_file_size
    runtime = write_runtime(root, most) if delivery.backends.with_runtime else None
    planned = any(model.plan for model in models)  # else there is nothing for the engine to run
    engine = write_engine(root, most, cache / "web") if planned else None
    manifest = write_bytes_hashed(root, MANIFEST, manifest_json(generator, runtime, engine, models))
    schema = write_hashed(root, f"models/{SCHEMA}", read_blocks(SCHEMAS / SCHEMA))
    # Models may share parts.
    model_files = list({file.path: file for model in models for file in model.files}.values())
    checksums_content = checksums_json([*model_files, manifest, schema])
    checksums = write_bytes_hashed(root, CHECKSUMS, checksums_content)
    # Not among the checksums, which the page shows: a signature is another one each time.
    signatures = [sign_manifest(root, delivery.signing_key)] if delivery.signing_key else []

    scripts = build_scripts(cache / "web")
    parts = [write_bytes_hashed(root, name, content) for name, content in scripts.parts.items()]
    loader = write_named(root, "torch2web-*.js", scripts.loader)
    entry = write_bytes_hashed(root, ENTRY, scripts.stub_for(loader.path, manifest.sha256))
    types = write_bytes_hashed(root, "torch2web.d.ts", scripts.types)
    page = write_bytes_hashed(root, "page.js", scripts.page)
    style = write_hashed(root, "page.css", read_blocks(TEMPLATES / "page.css"))
    notices = write_bytes_hashed(
        root,
        "THIRD_PARTY.txt",
        render("THIRD_PARTY.txt.j2", runtime=runtime, verify_page=delivery.verify_page),
    )
    drawn_labels = all(model.spec.labels == DRAWN_LABELS for model in models)
    samples = draw_samples() if drawn_labels else ()
    pinned = {file.path: integrity(file.sha256) for file in (entry, loader)}
    import_map = json.dumps({"integrity": {f"./{path}": value for path, value in pinned.items()}})
    pictures = [write_bytes_hashed(root, f"samples/{sample.file_name}", sample.content) for sample in samples]
    html = render(
        "index.html.j2",
        models=models,
        samples=samples,
        runtime=runtime,
        pinned=pinned,
        verify_page=delivery.verify_page,
        loader=loader,
        import_map=import_map,
        import_map_integrity=integrity(hashlib.sha256(import_map.encode()).hexdigest()),
        page_integrity=integrity(page.sha256),
        style_integrity=integrity(style.sha256),
    )
    index = write_bytes_hashed(root, "index.html", html)
    # What page and loader start with. Models and wasm are kept by the loader, part by part.
    starting = [*parts, *pictures, *signatures, manifest, checksums]
    starting += [loader, entry, page, style, notices, index]
    starting += [runtime.cpu.api, runtime.cpu.glue] if runtime else []
    offline = write_bytes_hashed(root, OFFLINE, build_offline(starting, cache / "web"))
    judging = []
    if delivery.verify_page:
        judged = Judged(manifest, json.loads(checksums_content), models, (entry, loader), style)
        judging = write_verify_page(root, judged, scripts.verify, delivery.pyodide_wheels, cache / "web")
    files = [
        *model_files,
        *(runtime.files if runtime else ()),
        *(engine.files if engine else ()),
        *parts,
        *pictures,
        *judging,
        *signatures,
        *(manifest, schema, checksums, loader, entry, types, page, style, notices, index, offline),
    ]
    _require_small(files, delivery.max_file_size)
    # No page fetches the whole ONNX files, and they are large.
    fetched = [file for file in files if not file.path.endswith(".onnx")]
    forms = precompress(root, fetched, cache) if delivery.precompressed else []
    files += [*write_host_files(root, files), *forms]
    files.sort(key=lambda file: file.path)
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    written = write_bytes_hashed(root, SUMS, sums.encode())
    return Bundle((*files, written), scripts.gzipped, engine.compressed if engine else {})


def _require_small(files: Sequence[FileRecord], limit: int) -> None:
    """Raise InputError for a file over `limit` that nothing can split. Pages load no whole ONNX file."""
    large = [file for file in files if file.size > limit and not file.path.endswith(".onnx")]
    if not large:
        return
    listed = ", ".join(f"{file.path} ({file.size / 2**20:.1f} MiB)" for file in large)
    verifying = any(file.path.startswith(VERIFY_FOLDER) for file in large)
    advice = "; --no-verify-page leaves out what is in verify/" if verifying else ""
    raise InputError(
        f"found {listed}, expected no file over {limit / 2**20:g} MiB that cannot be split; "
        f"--max-file-size allows more{advice}"
    )
