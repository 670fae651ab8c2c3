"""A browser that measures: it runs `measure` of web/report/measure.ts, each request in a new page."""

from collections.abc import Mapping
from typing import Any, Protocol

TITLES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}
"""By Playwright's names."""

TIMEOUT = 300
"""Seconds for one request: one model in one backend, its download included."""


class PageProblemError(Exception):
    """The page could not do what it was asked; `str()` is its reason, in one line."""


class Engine(Protocol):
    """A browser that has started."""

    title: str
    """Name and version, such as `Firefox 153`."""

    def measure(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`Measured` of measure.ts, and `memory`: the page's peak in bytes, None where nobody counts it.

        Raises PageProblemError, or ToolError where the browser has ended.
        """


def first_line(text: str) -> str:
    """The first line that says something, without the name of Playwright's call."""
    lines = [line.strip(" ╔║╗═") for line in text.splitlines()]
    first = next(filter(None, lines), "no reason given")
    return first.removeprefix("Page.evaluate: ").removeprefix("Error: ")
