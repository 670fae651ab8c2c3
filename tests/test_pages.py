"""The rendered page."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from converter.hashing import sha256_of
from converter.pages import integrity, render


def test_page_pins_what_it_loads(small_site: Path) -> None:
    page = (small_site / "index.html").read_text()
    for name in ("torch2web.js", "page.js", "page.css"):
        assert integrity(sha256_of(small_site / name)) in page


def test_values_are_escaped_and_none_may_be_missing() -> None:
    with pytest.raises(UndefinedError):
        render("index.html.j2")


def test_integrity_is_base64() -> None:
    assert integrity("00" * 32) == "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
