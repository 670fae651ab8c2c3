"""Markdown to HTML as GitHub shows it: the same anchors, links between pages, tables that scroll."""

import html
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType

from web.build.docs.contents import Entry


@dataclass(frozen=True)
class Heading:
    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Rendered:
    title: str
    """Text of the first heading."""
    headings: tuple[Heading, ...]
    """All others, in order."""
    body: str


def render_markdown(
    text: str, links: Mapping[str, Entry], symbols: Mapping[str, str] | None = None
) -> Rendered:
    """Render a page. Raises ValueError for HTML and images, which the pages do without.

    `links`: pages by the name with which they are linked; the page's title replaces this name in link texts.
    Links to other files become plain text, since a site has no such files. `symbols`: targets
    of links by the names that code mentions.
    """
    tokens = _parser().parse(text)
    headings = _anchored(tokens)
    tokens = [token for token in tokens if not _is_comment(token)]
    for token in tokens:
        _require_plain(token)
        if token.children is not None:
            token.children = _linked(token.children, links)
    parser = _parser()
    body: str = parser.renderer.render(tokens, parser.options, {"symbols": symbols or {}})
    if not headings or headings[0].level != 1:
        raise ValueError(f"expected a heading first: {text[:80]}")
    return Rendered(headings[0].text, tuple(headings[1:]), body)


def anchors_of(text: str) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    return {heading.anchor for heading in _anchored(_parser().parse(text))}


def links_of(text: str) -> list[str]:
    """Targets of all links of a page."""
    children = [child for token in _parser().parse(text) for child in token.children or ()]
    return [str(child.attrGet("href")) for child in children if child.type == "link_open"]


class _Renderer(RendererHTML):
    """Renders elements that differ from the parser's HTML; `env["symbols"]` is as in `render_markdown`."""

    def table_open(self, *_: Any) -> str:
        return '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"

    def code_inline(self, tokens: Sequence[Token], idx: int, _options: Any, env: EnvType) -> str:
        return f"<code>{_code(tokens[idx].content, env['symbols'])}</code>"

    def fence(self, tokens: Sequence[Token], idx: int, _options: Any, env: EnvType) -> str:
        content = tokens[idx].content.removesuffix("\n")
        return f'<pre tabindex="0"><code>{_code(content, env["symbols"])}</code></pre>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, _options: Any, env: EnvType) -> str:
        return self.fence(tokens, idx, _options, env)

    def heading_close(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        tag, anchor = tokens[idx].tag, tokens[idx - 2].attrGet("id")
        link = f' <a class="anchor" href="#{anchor}" aria-label="Link to here">#</a>' if tag != "h1" else ""
        return f"{link}</{tag}>\n"


def _code(content: str, symbols: Mapping[str, str]) -> str:
    escaped = html.escape(content, quote=False)
    if not symbols:
        return escaped
    pattern = rf"\b({'|'.join(map(re.escape, symbols))})\b"
    return re.sub(pattern, lambda found: f'<a href="{symbols[found[0]]}">{found[0]}</a>', escaped)


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", renderer_cls=_Renderer).enable("table")


def _anchored(tokens: list[Token]) -> list[Heading]:
    """The headings with the `id` that GitHub gives them, which numbers repeated names."""
    found: list[Heading] = []
    used: dict[str, int] = {}
    for opening, inline in itertools.pairwise(tokens):
        if opening.type != "heading_open":
            continue
        text = "".join(
            child.content for child in inline.children or () if child.type in ("text", "code_inline")
        )
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        used[slug] = used.get(slug, -1) + 1
        anchor = f"{slug}-{used[slug]}" if used[slug] else slug
        opening.attrSet("id", anchor)
        found.append(Heading(int(opening.tag[1]), text, anchor))
    return found


def _is_comment(token: Token) -> bool:
    content = token.content.strip()
    return token.type == "html_block" and content.startswith("<!--") and content.endswith("-->")


def _require_plain(token: Token) -> None:
    """Raise ValueError for HTML and images."""
    for found in (token, *(token.children or ())):
        if found.type in ("html_block", "html_inline", "image"):
            raise ValueError(f"found {found.type}, expected Markdown without: {token.content.strip()[:80]}")


def _linked(children: list[Token], links: Mapping[str, Entry]) -> list[Token]:
    """`children` with links to the site's pages, and without links to files that a site does not have."""
    kept: list[Token] = []
    dropping = False
    for child in children:
        if child.type == "link_open":
            target = urlsplit(str(child.attrGet("href")))
            page = links.get(target.path)
            dropping = page is None and not target.scheme and bool(target.path)
            if page:
                child.attrSet("href", page.path + (f"#{target.fragment}" if target.fragment else ""))
        elif child.content in links:
            child.content = links[child.content].title
        if not (dropping and child.type in ("link_open", "link_close")):
            kept.append(child)
    return kept
