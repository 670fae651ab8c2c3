"""Every link has a target: in the Markdown, as on GitHub, and in the pages of a site."""

import itertools
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT
from tests.unit.docs.sources import DOCS, SOURCES
from torch2web.assets import load_assets
from web.build.docs.contents import CONTENTS, read_contents
from web.build.docs.markdown import anchors_of, links_of

PREFIX = "docs/docs/"


class _PageReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            assert not name.startswith("on")
            assert name != "style"


@pytest.fixture(scope="module")
def pages() -> dict[str, _PageReader]:
    """The built pages, parsed, by file name."""
    assets, found = load_assets(), {}
    for path in assets.below(PREFIX):
        found[path.removeprefix(PREFIX)] = reader = _PageReader()
        reader.feed(assets.read(path).decode())
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_links_in_markdown(source: str) -> None:
    path = ROOT / source
    for link in links_of(path.read_text(encoding="utf-8")):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https", link
            continue
        target = path.parent / parts.path if parts.path else path
        assert target.exists(), f"{source}: {link}"
        if parts.fragment:
            assert parts.fragment in anchors_of(target.read_text(encoding="utf-8")), f"{source}: {link}"


def test_every_page_is_in_the_contents_once() -> None:
    names = [entry.name for entry in read_contents(DOCS).entries]
    assert sorted(name for name in names if "/" not in name) == sorted(
        path.name for path in DOCS.glob("*.md")
    )


def test_links_in_pages(pages: dict[str, _PageReader]) -> None:
    assert {"index.html", "api.html", "hosting.html"} < set(pages)
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link in ("../", "../docs.css", "../favicon.svg"):
                continue
            target = parts.path or name
            assert target in pages, f"{name}: {link}"
            assert not parts.fragment or parts.fragment in pages[target].ids, f"{name}: {link}"


def test_pages_need_no_script(pages: dict[str, _PageReader]) -> None:
    for name, page in pages.items():
        assert not page.tags & {"script", "style", "iframe", "form"}, name


def test_each_page_leads_to_the_next(pages: dict[str, _PageReader]) -> None:
    order = [entry.path for entry in read_contents(DOCS).entries]
    assert order[0] == "index.html"
    assert CONTENTS not in order
    for name, following in itertools.pairwise(order):
        assert following in pages[name].links
        assert name in pages[following].links


def test_pages_are_small() -> None:
    assets = load_assets()
    assert sum(assets.index["files"][path]["size"] for path in assets.below("docs/")) < 500_000
