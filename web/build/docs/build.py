"""All pages of the documentation, each with the same list of contents, as HTML that needs no script."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from torch2web.store import cached_files, integrity, sha256_of_sources
from web.build.docs.contents import REFERENCE, Contents, read_contents
from web.build.docs.markdown import Rendered, render_markdown
from web.build.docs.reference import Reference
from web.build.node import run_node
from web.build.scripts import WEB

DOCS = WEB.parent / "docs"
STYLE = "docs.css"
"""Beside the folder of the pages, whose files are then all sent with the same headers."""

_TEMPLATES = WEB.parent / "templates"
_TOKENS = _TEMPLATES / "page" / "10-tokens.css"


@dataclass(frozen=True)
class Page:
    """A page of the documentation; `path` is its file name, such as `hosting.html`."""

    path: str
    rendered: Rendered


def build_docs(cache: Path) -> dict[str, bytes]:
    """The pages by path, such as `docs/hosting.html`, and their style sheet. Raises ToolError or ValueError.

    What typedoc reads from the loader is kept in `cache`.
    """
    contents = read_contents(DOCS)
    reference = Reference.of(json.loads(_reference_json(cache)))
    pages = list(_pages(contents, reference))
    style = _TOKENS.read_bytes() + b"\n" + (_TEMPLATES / "docs" / "docs.css").read_bytes()
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES / "docs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.j2")
    built = {STYLE: style}
    for index, page in enumerate(pages):
        context = {
            "page": page,
            "contents": contents,
            "before": pages[index - 1] if index else None,
            "after": pages[index + 1] if index + 1 < len(pages) else None,
            "style": STYLE,
            "style_integrity": integrity(hashlib.sha256(style).hexdigest()),
        }
        built[f"docs/{page.path}"] = template.render(context).encode() + b"\n"
    return built


def docs_sources() -> Iterable[Path]:
    """All sources of the pages, except the loader and its design tokens."""
    yield from sorted(DOCS.glob("*.md"))
    yield from sorted((_TEMPLATES / "docs").iterdir())
    yield from sorted(Path(__file__).parent.glob("*.py"))
    yield WEB / "reference.mjs"


def _pages(contents: Contents, reference: Reference) -> Iterator[Page]:
    """The page of contents, then the pages that it lists, in order."""
    links = {entry.name: entry for entry in contents.entries}
    for entry in contents.entries:
        if entry.name == REFERENCE:
            yield Page(entry.path, render_markdown(reference.markdown, links, reference.symbols))
        else:
            yield Page(entry.path, render_markdown((DOCS / entry.name).read_text("utf-8"), links))


def _reference_json(cache: Path) -> bytes:
    script = WEB / "reference.mjs"
    sources = sorted((WEB / "loader").rglob("*.ts"))
    digest = sha256_of_sources(WEB, [*sources, script, WEB / "package-lock.json", WEB / "tsconfig.json"])

    def make(folder: Path) -> None:
        run_node([script.name, str(folder)], WEB)

    return cached_files(cache, "reference", digest, make)["reference.json"]
