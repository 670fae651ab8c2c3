"""The page that visitors see, its style, scripts and images, and the licences."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from markupsafe import Markup

from torch2web.assets import Assets
from torch2web.catalog import Sample, SiteSettings
from torch2web.site.manifest import MAX_INLINE, ModelRecord, Runtime
from torch2web.site.writers.heading import Heading
from torch2web.site.writers.links import PageLink
from torch2web.site.writers.loader import PAGE_CHUNK, SCRIPTS, LoaderFiles, completed
from torch2web.site.writers.looks import CARD_SIZE, THUMBNAIL_SIZE, Theme, card_png, icon_svg, thumbnail
from torch2web.site.writers.start import LARGE, StartFiles
from torch2web.site.writers.templates import Templates
from torch2web.site.writers.texts import Texts
from torch2web.site.writers.together import answering_together
from torch2web.store import FileRecord, integrity, write_bytes_hashed, write_named

LONG_LABEL = 16
"""Characters over which labels stand above their bars on phones."""


@dataclass(frozen=True)
class PageFiles:
    index: FileRecord
    script: FileRecord
    style: FileRecord
    notices: FileRecord
    chunks: tuple[FileRecord, ...]
    """Parts of the page's code that it imports on demand."""
    icon: FileRecord
    card: FileRecord
    """Picture of shared links, which the page itself does not show."""
    samples: tuple[FileRecord, ...]
    """With their thumbnails."""
    further: FileRecord | None
    """Rows of a large catalogue's list that the page downloads on a click."""

    @property
    def shell(self) -> tuple[FileRecord, ...]:
        """What the page needs offline."""
        further = [self.further] if self.further else []
        first = (self.index, self.script, self.style, self.notices, self.icon)
        return *first, *self.chunks, *self.samples, *further

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return *self.shell, self.card


@dataclass(frozen=True)
class _ShownSample:
    """A sample as the template names it."""

    file_name: str
    label: str
    drawn: bool
    thumbnail: str
    """Path below the site."""
    integrity: str


def write_pages(
    root: Path,
    assets: Assets,
    models: Sequence[ModelRecord],
    samples: Sequence[Sample],
    runtime: Runtime | None,
    manifest: FileRecord,
    loader: LoaderFiles,
    start: StartFiles,
    *,
    settings: SiteSettings,
    links: Sequence[PageLink] = (),
    verify_page: bool,
) -> PageFiles:
    """Write index.html and everything that it alone loads."""
    script = write_named(root, "page-*.js", assets.read("scripts/page.js"))
    theme = Theme.of(settings.color)
    css = assets.read("templates/page.css") + (theme.css() if settings.color else b"")
    style = write_named(root, "page-*.css", css)
    chunks = tuple(
        write_bytes_hashed(root, path.removeprefix(SCRIPTS), assets.read(path))
        for path in assets.below(SCRIPTS + PAGE_CHUNK)
    )
    templates = Templates(assets)
    notices = templates.render("THIRD_PARTY.txt.j2", runtime=runtime, verify_page=verify_page)
    thumbnails = [write_named(root, *thumbnail(sample)) for sample in samples]
    texts = Texts.of(assets, settings.language)
    heading = Heading.of([model.spec for model in models], texts)
    title = settings.title or heading.plain
    card = write_bytes_hashed(root, "card.png", card_png(theme.light, title))
    import_map = import_map_of(
        {file.path: integrity(file.sha256) for file in (*loader.first, *chunks)},
        # Of a name with a hash, which needs no revalidation; the page states what the stub would pin.
        {loader.stub.path: loader.loader.path},
    )
    preload = _preload(assets, models, start) if samples else ""
    lang = _lang(settings.language)
    listed, further = models[:MAX_INLINE], None
    if others := models[MAX_INLINE:]:
        rows = [
            templates.render("parts/network.html.j2", model=model, checked=False, t=texts, lang=lang)
            for model in others
        ]
        further = write_named(root, "networks-*.html", b"".join(rows))
    server = urlsplit(settings.recalibrate).netloc
    html = templates.render(
        "index.html.j2",
        site=settings,
        server_host=server,
        t=texts,
        lang=lang,
        title=title,
        description=settings.text or heading.description,
        heading=heading,
        theme=theme,
        card=card,
        card_size=CARD_SIZE,
        links=links,
        long_labels=any(len(label) > LONG_LABEL for model in models for label in model.spec.labels),
        classify=all(model.spec.task.has_labels for model in models),
        models=models,
        listed=listed,
        further=further,
        together=() if further else answering_together(models),
        samples=[
            _ShownSample(
                sample.file_name,
                sample.label,
                sample.drawn,
                small.path,
                integrity(hashlib.sha256(sample.content).hexdigest()),
            )
            for sample, small in zip(samples, thumbnails, strict=True)
        ],
        thumbnail_size=THUMBNAIL_SIZE,
        runtime=runtime,
        loader=loader.loader,
        manifest_integrity=integrity(manifest.sha256),
        stub_integrity=integrity(loader.stub.sha256),
        verify_page=verify_page,
        inline=[import_map, *([preload] if preload else [])],
        import_map=import_map,
        preload=preload,
        script=script,
        style=style,
    )
    return PageFiles(
        index=write_bytes_hashed(root, "index.html", html),
        script=script,
        style=style,
        chunks=chunks,
        notices=write_bytes_hashed(root, "THIRD_PARTY.txt", notices),
        icon=write_bytes_hashed(root, "favicon.svg", icon_svg(theme.light)),
        card=card,
        samples=(
            *thumbnails,
            *(write_bytes_hashed(root, f"samples/{sample.file_name}", sample.content) for sample in samples),
        ),
        further=further,
    )


def _lang(language: str) -> Markup:
    """Attributes of what the catalogue says: the page's own words may be English."""
    return Markup(' lang="{}" dir="auto"').format(language) if language else Markup("")


def _preload(assets: Assets, models: Sequence[ModelRecord], start: StartFiles) -> str:
    """Script that preloads the first model, which answers about the first picture; empty if it is large."""
    first = models[0]
    if first.download > LARGE:
        return ""  # the page asks before
    values = {'"__PRELOADS__"': start.as_json([first.spec.name])}
    return completed(assets, "preload.js", values).decode().strip()


def import_map_of(integrities: Mapping[str, str], imports: Mapping[str, str] | None = None) -> str:
    """An import map (HTML, "Import maps") that states the hash of each script, by its path in the site.

    `imports` maps paths that scripts import to others.
    """
    mapped = {f"./{path}": f"./{target}" for path, target in (imports or {}).items()}
    stated = {f"./{path}": value for path, value in integrities.items()}
    return json.dumps({**({"imports": mapped} if mapped else {}), "integrity": stated})
