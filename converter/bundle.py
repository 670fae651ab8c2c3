"""Puts everything together in site/: models, manifest, loader, runtime, page, samples, checksums."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.errors import OutputError
from converter.hashing import FileRecord, read_blocks, write_bytes_hashed, write_hashed
from converter.manifest import SCHEMA, ModelRecord, Runtime, checksums_json, manifest_json
from converter.pages import TEMPLATES, integrity, render
from converter.samples import draw_samples
from converter.schema import FOLDER as SCHEMAS
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
    """Raise OutputError unless `site` may be replaced: it is absent, empty, or a site built before."""
    if not site.exists() and not site.is_symlink():
        return
    if not site.is_dir() or site.is_symlink():
        raise OutputError(site, "it is not a folder; --out names the folder to write the site to")
    if any(site.iterdir()) and not (site / MANIFEST).is_file():
        problem = (
            "it holds something other than a built site and would be lost; name another folder with --out"
        )
        raise OutputError(site, problem)


def place_model(root: Path, source: Path, output: str) -> FileRecord:
    """Copy a verified ONNX file into the site."""
    return write_hashed(root, f"models/{output}", read_blocks(source))


def write_site(root: Path, generator: str, models: Sequence[ModelRecord], cache: Path) -> Bundle:
    """Write everything else into `root`, where the models' files are already placed.

    Raises ToolError, BudgetError or OutputError.
    """
    try:
        return _write_site(root, generator, models, cache)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(
                root, "the disk is full; the site that was there before is as it was"
            ) from error
        raise


def _write_site(root: Path, generator: str, models: Sequence[ModelRecord], cache: Path) -> Bundle:
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
    checksums = write_bytes_hashed(root, CHECKSUMS, checksums_json([*model_files, manifest, schema]))

    scripts = build_scripts(manifest.sha256, cache / "web")
    loader = write_bytes_hashed(root, LOADER, scripts.loader)
    types = write_bytes_hashed(root, "torch2web.d.ts", scripts.types)
    page = write_bytes_hashed(root, "page.js", scripts.page)
    style = write_hashed(root, "page.css", read_blocks(TEMPLATES / "page.css"))
    notices = write_hashed(root, "THIRD_PARTY.txt", read_blocks(TEMPLATES / "THIRD_PARTY.txt"))
    samples = draw_samples()
    pictures = [write_bytes_hashed(root, f"samples/{sample.file_name}", sample.content) for sample in samples]
    html = render(
        "index.html.j2",
        models=[(model.spec, model.file, model.verification, model.weights) for model in models],
        samples=samples,
        runtime=runtime,
        loader_integrity=integrity(loader.sha256),
        page_integrity=integrity(page.sha256),
        style_integrity=integrity(style.sha256),
    )
    index = write_bytes_hashed(root, "index.html", html)
    files = [
        *model_files,
        *runtime.files.values(),
        *pictures,
        *(manifest, schema, checksums, loader, types, page, style, notices, index),
    ]
    files.sort(key=lambda file: file.path)
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    written = write_bytes_hashed(root, SUMS, sums.encode())
    return Bundle((*files, written), scripts.loader_gzipped)
