"""Text for Markdown and YAML, in which names and labels mean nothing but themselves."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@])")


def inline(text: object) -> Markup:
    """`text` on one line, with everything escaped that Markdown, a table or HTML would read."""
    line = " ".join(str(text).split())
    return Markup(_SPECIAL.sub(r"\\\1", line))  # noqa: S704 (Markdown, and `<` is escaped)


def yaml_text(value: Mapping[str, Any]) -> Markup:
    """`value` as YAML: block style, strings quoted as in JSON, which YAML reads alike."""
    return Markup("\n".join(_lines(value, "")))  # noqa: S704 (no HTML)


def _lines(value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping):
        found: list[str] = []
        for key, entry in value.items():
            if isinstance(entry, Mapping | list | tuple) and entry:
                found += [f"{indent}{key}:", *_lines(entry, f"{indent}  ")]
            else:
                found.append(f"{indent}{key}: {_scalar(entry)}")
        return found
    return [line for entry in value for line in _item(entry, indent)]


def _item(entry: Any, indent: str) -> Sequence[str]:
    if not isinstance(entry, Mapping):
        return [f"{indent}- {_scalar(entry)}"]
    first, *rest = _lines(entry, f"{indent}  ")
    return [f"{indent}- {first[len(indent) + 2 :]}", *rest]


def _scalar(value: Any) -> str:
    if (
        isinstance(value, str)
        and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", value)
        and value.lower() not in _WORDS
    ):
        return value
    return json.dumps(value, ensure_ascii=False)


_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
"""Words that YAML reads as something else than text."""
