"""Reads a `_headers` file as Cloudflare Pages does (its documentation, "Headers")."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_RULES, MAX_LINE = 100, 2000
"""What comes after that many rules, and a longer line, is ignored."""


@dataclass(frozen=True)
class HeaderRule:
    """What is sent with the paths that `pattern` matches whole; None takes a header away again."""

    pattern: re.Pattern[str]
    headers: tuple[tuple[str, str | None], ...]


def read_headers_file(text: str) -> list[HeaderRule]:
    """The rules in `text`, in order."""
    found: list[tuple[str, list[tuple[str, str | None]]]] = []
    for line in text.splitlines():
        content = line.strip()
        if not content or content.startswith("#") or len(line) > MAX_LINE:
            continue
        if content.startswith("/"):
            found.append((content, []))
        elif found and content.startswith("!"):
            found[-1][1].append((content.removeprefix("!").strip(), None))
        elif found:
            name, _, value = content.partition(":")
            found[-1][1].append((name.strip(), value.strip()))
    return [HeaderRule(_pattern(path), tuple(headers)) for path, headers in found[:MAX_RULES]]


def headers_of(rules: Sequence[HeaderRule], path: str) -> dict[str, str]:
    """What all rules that match `path` add up to: a header that is set twice has both values."""
    headers: dict[str, str] = {}
    for rule in rules:
        if not rule.pattern.fullmatch(path):
            continue
        for name, value in rule.headers:
            if value is None:
                headers.pop(name, None)
            else:
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _pattern(path: str) -> re.Pattern[str]:
    """`*` is anything, `:name` anything up to a slash."""
    pieces = re.split(r"(\*|:[A-Za-z]\w*)", path)
    return re.compile(
        "".join(
            ".*" if piece == "*" else "[^/]+" if index % 2 else re.escape(piece)
            for index, piece in enumerate(pieces)
        )
    )
