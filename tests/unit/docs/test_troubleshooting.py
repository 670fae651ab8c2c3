"""Every error class has an entry in docs/troubleshooting.md, and the messages there match the code."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.unit.docs.sources import DOCS
from torch2web import errors
from torch2web.cli import main
from web.build.docs.markdown import links_of

TEXT = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
ENTRIES = dict(entry.split("\n", 1) for entry in TEXT.split("\n### ")[1:])
PYTHON = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.Torch2WebError)
}
LOADER = set(
    re.findall(r"^export class (\w+) extends", (ROOT / "web/loader/api/errors.ts").read_text(), re.MULTILINE)
)
MESSAGES = [
    (name, message)
    for name, entry in ENTRIES.items()
    for message in re.findall(r"^\| `([^`]+)` \|", entry, re.MULTILINE)
]


def test_every_class_has_an_entry_and_every_entry_a_class() -> None:
    assert len(PYTHON) > 25
    assert len(LOADER) > 6
    assert set(ENTRIES) == {*PYTHON, *LOADER, "AbortError"}
    assert list(ENTRIES) == sorted(ENTRIES)
    assert [link for link in links_of(TEXT) if link.startswith("#")] == [
        f"#{name.lower()}" for name in ENTRIES
    ]


def test_command_prints_the_name_of_the_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(tmp_path / "none.pth")]) == 2
    assert capsys.readouterr().err.startswith("error[CheckpointError]: ")


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_entry_says_where_it_is_raised_and_what_to_do(name: str) -> None:
    entry = ENTRIES[name].strip()
    assert len(entry) > 100
    if name in ("AbortError", "Torch2WebError"):
        return
    first = entry.partition(". ")[0] + entry.partition(": ")[0]
    if name in PYTHON:
        assert f"exit code {PYTHON[name].exit_code}" in first
    assert ("Loader" in first) == (name in LOADER)


@pytest.mark.parametrize(("name", "message"), MESSAGES)
def test_message_is_one_of_the_code(name: str, message: str) -> None:
    """`…` stands for inserted values, or at the end for the rest of a message."""
    pieces = [piece for piece in message.split("…") if piece.strip()]
    assert any(all(piece in text for piece in pieces) for text in _texts()), f"{name}: {message}"


@cache
def _texts() -> tuple[str, ...]:
    """The string literals of the code that raises errors, with `…` for each expression."""
    python = (path for folder in ("converter", "web/build") for path in (ROOT / folder).rglob("*.py"))
    loader = (ROOT / "web" / "loader").rglob("*.ts")
    return *(text for path in python for text in _python(path)), *(_typescript(path) for path in loader)


def _python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else "…"
                for value in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _typescript(path: Path) -> str:
    """The file's text, with concatenated strings joined."""
    return re.sub(r"""["`] \+\s*["`]""", "", path.read_text(encoding="utf-8"))
