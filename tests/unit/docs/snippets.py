"""The fenced blocks of the documentation, and the comments above those that are not run by these tests.

<!-- run by tests/browser/delivery/test_hosts.py -->     another test of this repository runs it
<!-- not run: it needs an account -->            no test runs it, with the reason
<!-- all run by tests/long/embed/test_npm.py --> the same for the rest of the page
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt

from tests.conftest import ROOT
from tests.unit.docs.sources import SOURCES

_MARK = re.compile(r"<!-- (?:(?P<all>all )?run by (?P<test>\S+)|not run: (?P<reason>.+)) -->")


@dataclass(frozen=True)
class Snippet:
    page: str
    line: int
    language: str
    content: str
    test: str = ""
    """Path of the test that runs it."""
    reason: str = ""
    """Why nothing runs it."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def marked(self) -> bool:
        return bool(self.test or self.reason)


@cache
def all_snippets() -> tuple[Snippet, ...]:
    """The snippets of all pages."""
    return tuple(snippet for page in SOURCES for snippet in _snippets_of(page))


def documented(page: str, part: str) -> str:
    """The block of `page` that contains `part`, for tests that run it."""
    (found,) = [
        snippet.content for snippet in all_snippets() if snippet.page == page and part in snippet.content
    ]
    return found


def unmarked(*languages: str) -> list[Snippet]:
    """The snippets in `languages` that these tests run."""
    return [snippet for snippet in all_snippets() if snippet.language in languages and not snippet.marked]


def _snippets_of(page: str) -> Iterator[Snippet]:
    rest = mark = None
    tokens = MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text(encoding="utf-8"))
    for token in tokens:
        if token.type == "html_block" and (found := _MARK.fullmatch(token.content.strip())):
            rest, mark = (found, mark) if found["all"] else (rest, found)
        elif token.type == "fence":
            given = mark or rest
            test, reason = (given["test"] or "", given["reason"] or "") if given else ("", "")
            assert token.map
            yield Snippet(page, token.map[0] + 1, token.info.strip(), token.content, test, reason)
            mark = None
        else:
            assert mark is None or token.type == "html_block", f"{page}: a mark belongs right above a fence"
