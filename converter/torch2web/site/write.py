"""Writes a site around its models: the files of each writer, then configuration for hosts and checksums."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch2web.assets import Assets
from torch2web.catalog import ReferenceImage, Sample, SiteSettings
from torch2web.errors import InputError
from torch2web.site.encoding import precompress
from torch2web.site.hosting import write_host_files
from torch2web.site.manifest import SUMS, Delivery, ModelRecord
from torch2web.site.report import PAGE as REPORT_PAGE
from torch2web.site.report import write_report
from torch2web.site.writers import (
    VERIFY_FOLDER,
    Judged,
    PageLink,
    write_backends,
    write_docs,
    write_embed,
    write_loader,
    write_manifest,
    write_offline,
    write_pages,
    write_start,
    write_verify_page,
)
from torch2web.store import FileRecord, write_bytes_hashed


@dataclass(frozen=True)
class SiteInputs:
    """Everything that a site is written from, besides the files of its models."""

    generator: str
    """Name and version of this package."""
    assets: Assets
    models: Sequence[ModelRecord]
    images: Sequence[ReferenceImage]
    """The images that the models were verified on."""
    delivery: Delivery
    samples: Sequence[Sample]
    """Pictures for visitors to try."""
    cache: Path
    """Folder that keeps compressed files between builds."""
    settings: SiteSettings = field(default_factory=SiteSettings)


@dataclass(frozen=True)
class Bundle:
    """Every file that was written."""

    files: tuple[FileRecord, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def write_site(root: Path, inputs: SiteInputs) -> Bundle:
    """Write everything else into `root`, where the models' files are already placed.

    Raises AssetsError or InputError.
    """
    assets, models, delivery = inputs.assets, inputs.models, inputs.delivery
    backends = write_backends(root, assets, models, delivery)
    key, api = delivery.signing_key, inputs.settings.api
    manifest = write_manifest(root, inputs.generator, backends, models, key, api)
    loader = write_loader(root, assets, manifest.manifest)
    start = write_start(root, manifest, backends.engine, models, (loader.images, loader.decoder))
    page = write_pages(
        root,
        assets,
        models,
        inputs.samples,
        backends.runtime,
        manifest.manifest,
        loader,
        start,
        settings=inputs.settings,
        links=_links(delivery),
        verify_page=delivery.verify_page,
    )
    embed = write_embed(root, assets, models, manifest.manifest, loader, page, start, docs=delivery.docs)
    # Files that page and loader start with. The loader caches models and WebAssembly itself, part by part.
    shell = [*loader.pinned, loader.embed, *loader.chunks, *page.shell, *backends.starting]
    shell += [manifest.manifest, manifest.checksums, *manifest.signatures]
    offline = write_offline(root, assets, shell)
    judging: Sequence[FileRecord] = ()
    if delivery.verify_page:
        judged = Judged(manifest.manifest, manifest.sums, models, inputs.images, loader.pinned, page.style)
        judging = write_verify_page(root, assets, judged, delivery.pyodide_wheels)
    model_files = {file.path: file for model in models for file in model.files}  # models may share parts
    files = [*model_files.values(), *backends.files, *manifest.files, *loader.files, *page.files]
    files += [
        *embed.files,
        offline,
        *start.files,
        *judging,
        *(write_docs(root, assets) if delivery.docs else ()),
    ]
    files += write_report(root, assets, manifest.manifest, models, inputs.images)
    return _finish(root, inputs, files)


def _links(delivery: Delivery) -> tuple[PageLink, ...]:
    """Other pages of the site, for the footer of the page."""
    links = (
        PageLink("embed.html", "Put it into your own page"),
        PageLink(REPORT_PAGE, "Conversion report"),
    )
    return (*links, PageLink("docs/index.html", "Documentation")) if delivery.docs else links


def _finish(root: Path, inputs: SiteInputs, files: list[FileRecord]) -> Bundle:
    """Write configuration for hosts, compressed forms, and the checksums of all files."""
    _require_small(files, inputs.delivery.max_file_size)
    weights = {part.path for model in inputs.models for part in model.weights_parts}
    packed = (".onnx", ".tgz")
    shrinking = [file for file in files if file.path not in weights and not file.path.endswith(packed)]
    forms: list[FileRecord] = []
    if inputs.delivery.precompressed:
        forms = precompress(root, shrinking, inputs.cache)
    files += [*write_host_files(root, inputs.assets, files), *forms]
    files.sort(key=lambda file: file.path)
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    return Bundle((*files, write_bytes_hashed(root, SUMS, sums.encode())))


def _require_small(files: Sequence[FileRecord], limit: int) -> None:
    """Raise InputError for a file over `limit` that cannot be split. Pages load no whole ONNX file."""
    large = [file for file in files if file.size > limit and not file.path.endswith(".onnx")]
    if not large:
        return
    listed = ", ".join(f"{file.path} ({file.size / 2**20:.1f} MiB)" for file in large)
    verifying = any(file.path.startswith(VERIFY_FOLDER) for file in large)
    advice = "; --no-verify-page leaves out verify/" if verifying else ""
    raise InputError(
        f"found {listed}, expected no file over {limit / 2**20:g} MiB that cannot be split; "
        f"--max-file-size allows more{advice}"
    )
