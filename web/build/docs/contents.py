"""The table of contents in docs/README.md: headings with lists of links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CONTENTS = "README.md"
REFERENCE = "../web/loader/torch2web.ts"
"""What pages link to as the reference of the API: on GitHub the exports, in a site their reference."""

_PATHS = {
    CONTENTS: "index.html",
    REFERENCE: "api.html",
    # Servers tell pages by their names, and a site has a report.html: site/hosting/host_rules.py.
    "report.md": "reports.html",
}
_LINK = re.compile(r"^- \[(?P<title>[^]]+)\]\((?P<name>[^)#]+)\)")


@dataclass(frozen=True)
class Entry:
    """A page of the documentation."""

    title: str
    name: str
    """As it is linked, such as `hosting.md`."""

    @property
    def path(self) -> str:
        """The page's file name in a site."""
        return _PATHS.get(self.name, f"{self.name.removesuffix('.md')}.html")


ROOT_ENTRY = Entry("Documentation", CONTENTS)


@dataclass(frozen=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Contents:
    sections: tuple[Section, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The page of contents, then the pages that it lists, in order."""
        return ROOT_ENTRY, *(entry for section in self.sections for entry in section.entries)


def read_contents(folder: Path) -> Contents:
    """The contents in `folder`, which a test compares with the pages there."""
    return Contents(tuple(_sections((folder / CONTENTS).read_text(encoding="utf-8"))))


def _sections(text: str) -> Iterator[Section]:
    for block in text.split("\n## ")[1:]:
        title, *lines = block.splitlines()
        found = [match for match in map(_LINK.match, lines) if match]
        yield Section(title, tuple(Entry(match["title"], match["name"]) for match in found))
