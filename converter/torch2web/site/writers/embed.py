"""What other pages embed besides the loader: the element, and embed.html, which has lines to copy."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from torch2web.assets import PACKAGE, Assets
from torch2web.site.manifest import ModelRecord
from torch2web.site.writers.loader import SCRIPTS, LoaderFiles, completed, pinning
from torch2web.site.writers.pages import PageFiles
from torch2web.site.writers.snippet import Snippet
from torch2web.site.writers.start import StartFiles
from torch2web.site.writers.templates import render
from torch2web.store import FileRecord, integrity, write_bytes_hashed

ELEMENT = "torch2web-element.js"
PAGE = "embed.html"
EXAMPLE = "https://models.example/torch2web/"
"""Stands for the site's address, which embed.html puts in its place."""


@dataclass(frozen=True)
class EmbedFiles:
    element: FileRecord
    """`<image-classifier>`, under a stable name: pins loader and manifest."""
    types: FileRecord
    page: FileRecord
    script: FileRecord
    """Of the page."""
    package: FileRecord
    """The npm package with the loader, as `npm install` takes it from the site's address."""

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return self.element, self.types, self.page, self.script, self.package


def write_embed(
    root: Path,
    assets: Assets,
    models: Sequence[ModelRecord],
    manifest: FileRecord,
    loader: LoaderFiles,
    page: PageFiles,
    start: StartFiles,
    *,
    docs: bool,
) -> EmbedFiles:
    """Write the element for this manifest and the page, which links to the docs where the site has `docs`."""
    half = len(page.samples) // 2
    pairs = zip(page.samples[:half], page.samples[half:], strict=True)
    samples = json.dumps([[thumbnail.path, picture.path] for thumbnail, picture in pairs])
    listed = start.as_json([model.spec.name for model in models])
    values = pinning(loader.loader, manifest.sha256)
    values |= {'"__SAMPLES__"': samples, '"__PRELOADS__"': listed}
    element = write_bytes_hashed(root, ELEMENT, completed(assets, ELEMENT, values))
    copying = write_bytes_hashed(root, "snippets.js", assets.read(SCRIPTS + "snippets.js"))
    packed = gzip.compress(assets.read(PACKAGE), 9, mtime=0)
    package = write_bytes_hashed(root, f"torch2web-{version('torch2web')}.tgz", packed)
    classifiers = [model.spec.name for model in models if model.spec.task.has_labels]
    html = render(
        assets,
        "embed.html.j2",
        base=EXAMPLE,
        model=models[0].spec.name,
        classifier=classifiers[0] if classifiers else "",
        samples=bool(page.samples),
        snippet=Snippet.of(models[0].spec),
        direct=Snippet.of(models[0].spec, integrity=integrity(manifest.sha256)),
        modules={file.path: integrity(file.sha256) for file in loader.first},
        loader=loader.loader.path,
        start=start.starts["relaxed"],
        parts=start.parts[models[0].spec.name],
        style=page.style,
        package=package.path,
        docs=docs,
        embed=loader.embed.path,
        embed_integrity=integrity(loader.embed.sha256),
        element=element.path,
        element_integrity=integrity(element.sha256),
        integrity=integrity(manifest.sha256),
        script_integrity=integrity(copying.sha256),
    )
    return EmbedFiles(
        element=element,
        types=write_bytes_hashed(
            root, "torch2web-element.d.ts", assets.read(f"{SCRIPTS}torch2web-element.d.ts")
        ),
        page=write_bytes_hashed(root, PAGE, html),
        script=copying,
        package=package,
    )
