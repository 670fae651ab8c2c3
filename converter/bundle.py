"""Puts everything together in site/: models, manifest, loader, runtime, page, samples, checksums."""

import errno
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from converter.check_manifest import SCHEMA
from converter.demo.faces import LABELS as DRAWN_LABELS
from converter.errors import OutputError
from converter.hashing import FileRecord, read_blocks, write_bytes_hashed, write_hashed
from converter.manifest import ModelRecord, Runtime, checksums_json, manifest_json
from converter.pages import TEMPLATES, integrity, render
from converter.samples import draw_samples
from converter.schema import FOLDER as SCHEMAS
from converter.verify_page import Judged, write_verify_page
from converter.webassets import build_scripts, runtime_files, runtime_version

MANIFEST = "models/model_info.json"
CHECKSUMS = "models/model_checksums.json"
LOADER = "torch2web.js"
SUMS = "SHA256SUMS"
"""Checksums of every other file of the site, in the form that `sha256sum -c` reads."""


@dataclass(frozen=True)
class Bundle:
    """What was written: every file, and the loader's size as it is sent."""

    files: tuple[FileRecord, ...]
    loader_gzipped: int

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


def place_model(root: Path, source: Path, output: str, sha256: str) -> FileRecord:
    """Copy a verified ONNX file into the site. Raises OutputError if it is not the one that was verified."""
    record = write_hashed(root, f"models/{output}", read_blocks(source))
    if record.sha256 != sha256:
        problem = f"it changed after it was verified: SHA-256 {record.sha256}, expected {sha256}"
        raise OutputError(source, f"{problem}; build again")
    return record


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
    root: Path,
    generator: str,
    models: Sequence[ModelRecord],
    cache: Path,
    *,
    verify_page: bool = True,
    pyodide_wheels: Path | None = None,
) -> Bundle:
    """Write everything else into `root`, where the models' files are already placed.

    `pyodide_wheels` is a folder with NumPy and Pillow for the page that verifies.
    Raises ToolError, BudgetError or InputError.
    """
    runtime = Runtime(
        version=runtime_version(),
        files={
            role: write_hashed(root, f"onnxruntime/{path.name}", read_blocks(path))
            for role, path in runtime_files().items()
        },
    )
    manifest = write_bytes_hashed(root, MANIFEST, manifest_json(generator, runtime, models))
    schema = write_hashed(root, f"models/{SCHEMA}", read_blocks(SCHEMAS / SCHEMA))
    model_files = [model.file for model in models]
    checksums_content = checksums_json([*model_files, manifest, schema])
    checksums = write_bytes_hashed(root, CHECKSUMS, checksums_content)

    scripts = build_scripts(manifest.sha256, cache / "web")
    loader = write_bytes_hashed(root, LOADER, scripts.loader)
    parts = [write_bytes_hashed(root, name, content) for name, content in scripts.parts.items()]
    types = write_bytes_hashed(root, "torch2web.d.ts", scripts.types)
    page = write_bytes_hashed(root, "page.js", scripts.page)
    style = write_hashed(root, "page.css", read_blocks(TEMPLATES / "page.css"))
    notices = write_hashed(root, "THIRD_PARTY.txt", read_blocks(TEMPLATES / "THIRD_PARTY.txt"))
    drawn_labels = all(model.spec.labels == DRAWN_LABELS for model in models)
    samples = draw_samples() if drawn_labels else ()
    import_map = json.dumps({"integrity": {f"./{LOADER}": integrity(loader.sha256)}})
    pictures = [write_bytes_hashed(root, f"samples/{sample.file_name}", sample.content) for sample in samples]
    html = render(
        "index.html.j2",
        models=[(model.spec, model.file, model.verification, model.weights) for model in models],
        samples=samples,
        runtime=runtime,
        loader_integrity=integrity(loader.sha256),
        verify_page=verify_page,
        import_map=import_map,
        import_map_integrity=integrity(hashlib.sha256(import_map.encode()).hexdigest()),
        page_integrity=integrity(page.sha256),
        style_integrity=integrity(style.sha256),
    )
    index = write_bytes_hashed(root, "index.html", html)
    judging = []
    if verify_page:
        judged = Judged(manifest, json.loads(checksums_content), models, loader, style)
        judging = write_verify_page(root, judged, scripts.verify, pyodide_wheels, cache / "web")
    files = [
        *model_files,
        *runtime.files.values(),
        *parts,
        *pictures,
        *judging,
        *(manifest, schema, checksums, loader, types, page, style, notices, index),
    ]
    files.sort(key=lambda file: file.path)
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    written = write_bytes_hashed(root, SUMS, sums.encode())
    return Bundle((*files, written), scripts.loader_gzipped)
