"""The rendered page."""

from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tests.browser.sites import derived_site, script_of
from torch2web.assets import load_assets
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.records import Weights
from torch2web.site.writers.templates import render
from torch2web.store.hashing import integrity, sha256_of


def test_page_pins_what_it_loads(small_site: Path) -> None:
    page = (small_site / "index.html").read_text()
    for name in ("torch2web.js", script_of(small_site), "page.js", "page.css"):
        assert integrity(sha256_of(small_site / name)) in page


def test_values_are_escaped_and_none_may_be_missing() -> None:
    with pytest.raises(UndefinedError):
        render(load_assets(), "index.html.j2")


def test_integrity_is_base64() -> None:
    assert integrity("00" * 32) == "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def test_page_of_other_labels_offers_no_faces(
    small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path
) -> None:
    spec = replace(catalog["mobilenet_emotion"], labels=("cat", "dog", "fish", "bird"))
    site = derived_site(small_site, tmp_path, spec, Weights("animals.pth", "0" * 64, demo=False))
    page = (site / "index.html").read_text()
    assert "<h1><bdi>cat</bdi>, <bdi>dog</bdi>, <bdi>fish</bdi> or <bdi>bird</bdi>?</h1>" in page
    assert "animals.pth" in page
    for word in ("face", "Bored", "Demo weights"):
        assert word not in page
    assert not (site / "samples").exists()
