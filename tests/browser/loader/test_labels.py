"""Labels of all kinds: a thousand, repeated ones, acronyms, right-to-left scripts, markup."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import Hosting
from tests.browser.shown import READY
from tests.conftest import ROOT
from tests.tiny_network import of_classes
from torch2web.cli import main
from torch2web.site.recheck.site_check import recheck

PICTURE = ROOT / "docs/screenshot.png"
MANY = tuple(f"{kind} of a rather long name, number {n}" for n in range(500) for kind in ("crane", "Kühe"))
MIXED = ("COVID-19", "crane", "crane", "שפעת (A)", "نزلة برد", "\u202egnp.exe", "<i>healthy</i> & well")

Build = Callable[[Sequence[str]], Path]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Builds a site of a tiny network with these labels."""

    def built(labels: Sequence[str]) -> Path:
        monkeypatch.setattr("torch2web.sources.load.load_model", of_classes)
        (tmp_path / "mobile_epoch35.pth").touch()
        catalog = tmp_path / "models.toml"
        text = (ROOT / "models.toml").read_text()
        catalog.write_text(text.replace('["Bored", "Confused", "Focused", "Tired"]', json.dumps(labels)))
        options = ["--catalog", catalog, "--checkpoints", tmp_path, "--only", "mobilenet_emotion"]
        options += ["--effort", "fast", "--no-precompressed", "--no-verify-page", "--backend", "compiled"]
        options += ["--cache", tmp_path / "cache", "--out", tmp_path / "site"]
        assert main(["build", *map(str, options)]) == 0
        return tmp_path / "site"

    return built


def ask(page: Page, url: str) -> None:
    page.goto(url)
    page.set_input_files("#file", PICTURE)
    page.wait_for_selector(READY)


def test_a_thousand(page: Page, build: Build, host_of: Hosting) -> None:
    site = build(MANY)
    assert len(page_text := (site / "index.html").read_text()) < 20_000
    assert "1,000 classes" in page_text
    page.set_viewport_size({"width": 390, "height": 800})
    ask(page, host_of(site).url)
    assert page.inner_text("h1") == "MobileNetV2"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    shares = [float(text.split()[0]) for text in page.locator("#bars .bar-value").all_inner_texts()]
    assert len(shares) == 5
    assert shares == sorted(shares, reverse=True)
    assert page.locator("#bars .bar-name").first.inner_text() == page.inner_text("#label")
    assert page.locator("#all-bars li").count() == 0, "not made before they are asked for"
    page.get_by_text("Show all 1,000 classes").click()
    expect(page.locator("#all-bars li")).to_have_count(1000)
    page.get_by_role("searchbox").fill("KU\u0308HE of a rather long name, number 49")
    expect(page.locator("#all-bars li")).to_have_count(11)
    assert page.inner_text("#found") == "11 of 1,000"
    ask(page, page.url)  # the next answer


def test_as_written_repeated_and_isolated(page: Page, build: Build, host_of: Hosting) -> None:
    site = build(MIXED[:5])
    assert recheck(site, lambda *_: None).problems == ()
    ask(page, host_of(site).url)
    assert page.inner_text("h1") == "COVID-19, crane, שפעת (A) or نزلة برد?"
    assert page.title() == "COVID-19, crane, \u2068שפעת (A)\u2069 or \u2068نزلة برد\u2069?"
    assert page.locator("#bars .bar-name").all_inner_texts() == list(MIXED[:5]), "in the catalogue's order"
    assert page.locator("#bars .best").count() == 1
    assert page.evaluate("[...document.querySelectorAll('h1 bdi, .bar-name, #label')].length") == 4 + 5 + 1
    isolated = (
        "[...document.querySelectorAll('bdi')].every(e => getComputedStyle(e).unicodeBidi === 'isolate')"
    )
    assert page.evaluate(isolated)


def test_labels_stay_text(page: Page, build: Build, host_of: Hosting) -> None:
    ask(page, host_of(build(MIXED)).url)
    shown = page.locator("#bars .bar-name").all_text_contents()
    assert set(shown) < set(MIXED)
    assert len(shown) == 5
    assert page.locator("#app i").count() == 0
