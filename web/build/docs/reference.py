"""The reference of the loader's API as Markdown, from the output of web/reference.mjs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_INTRODUCTION = """# API reference

All exports of `torch2web.js` and their types, from the comments in the loader's source.
[The loader](loader.md) is an introduction; `torch2web.d.ts` has the same types for editors and compilers.
"""

_KINDS = (("Functions", ("function",)), ("Types", ("interface", "type")), ("Errors", ("class",)))
_FIRST = ("loadModel", "Model", "Torch2WebError")


@dataclass(frozen=True)
class Reference:
    markdown: str
    symbols: Mapping[str, str]
    """Link to each type by its name."""

    @classmethod
    def of(cls, entries: Sequence[Mapping[str, Any]]) -> "Reference":
        """`entries` as in reference.json."""
        symbols = {entry["name"]: _anchor(entry) for entry in entries if entry["kind"] != "function"}
        return cls("\n".join([_INTRODUCTION, *_lines(entries)]), symbols)


def _lines(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for title, kinds in _KINDS:
        yield f"## {title}\n"
        chosen = sorted((entry for entry in entries if entry["kind"] in kinds), key=_position)
        yield " · ".join(f"[{entry['name']}]({_anchor(entry)})" for entry in chosen) + "\n"
        for entry in chosen:
            yield f"### {entry['name']}\n"
            yield "```ts\n" + "\n".join(entry["code"]) + "\n```\n"
            if entry["text"]:
                yield f"{_escaped(entry['text'])}\n"
            if entry["kind"] == "class":
                yield f"[Causes, and what to do](troubleshooting.md#{entry['name'].lower()})\n"
            for member in entry["members"]:
                text = _escaped(member["text"]).replace("\n", " ")
                yield f"- `{member['code']}`" + (f"  \n  {text}" if text else "")
            yield ""


def _position(entry: Mapping[str, Any]) -> tuple[bool, str]:
    return entry["name"] not in _FIRST, entry["name"].lower()


def _anchor(entry: Mapping[str, Any]) -> str:
    return f"#{entry['name'].lower()}"


def _escaped(text: str) -> str:
    """A comment of TypeScript, in which `<img>` outside of code is no HTML."""
    pieces = re.split("(`[^`]*`)", text)
    return "".join(piece if index % 2 else piece.replace("<", "&lt;") for index, piece in enumerate(pieces))
