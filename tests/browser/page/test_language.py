"""The page in another language than English: its states say it in that language."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.axe import violations
from tests.browser.server import Host, Hosting
from tests.browser.shown import READY
from tests.browser.sites import derived_site
from torch2web.catalog import SiteSettings
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.records import Weights

LABELS = ("Amerikanischer Staffordshire-Terrier", "Katze", "Hund", "Maus")
WORDS = {
    "de": ("sicher", "Das ist kein Bild", "Wählen Sie ein Foto", "Keine Antwort"),
    "zh": ("把握", "这不是图片", "请选择照片", "没有答案"),
}


@pytest.fixture(params=WORDS)
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def host(
    language: str, small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path, host_of: Hosting
) -> Host:
    spec = replace(catalog["mobilenet_emotion"], title="Netz", labels=LABELS)
    settings = SiteSettings(language=language)
    weights = Weights("own.pth", "0" * 64, demo=False)
    return host_of(derived_site(small_site, tmp_path, spec, weights, settings=settings))


def test_states_speak_the_pages_language(page: Page, host: Host, small_site: Path, language: str) -> None:
    sure, problem, advice, none = WORDS[language]
    page.goto(host.url)
    page.set_input_files("#file", small_site / "samples/tired-1.jpg")
    page.wait_for_selector(READY)
    assert sure in page.inner_text("#confidence")
    assert page.get_attribute("#label", "lang") == language
    text: FilePayload = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    page.set_input_files("#file", files=text)
    expect(page.locator("#problem-title")).to_have_text(problem)
    assert advice in page.inner_text("#problem-advice")
    assert page.inner_text("#label") == none
    assert violations(page) == []


BOX = "element => element.getBoundingClientRect().toJSON()"


@pytest.mark.parametrize("language", ["de"], indirect=True)
def test_long_names_stand_above_their_bars_on_phones(page: Page, host: Host) -> None:
    page.goto(host.url)
    for width, above in ((360, True), (1280, False)):
        page.set_viewport_size({"width": width, "height": 800})
        name, bar = (
            page.locator(f"#bars li:first-child > {part}").evaluate(BOX) for part in (".bar-name", ".bar")
        )
        assert (name["bottom"] <= bar["top"]) == above
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", ["de"], indirect=True)
def test_no_line_is_below_the_button_that_copies(page: Page, host: Host) -> None:
    page.goto(f"{host.url}embed.html")
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        lines, button = (page.locator(f".snippet {part}").first.evaluate(BOX) for part in ("pre", ".copy"))
        assert lines["right"] <= button["left"] or button["bottom"] <= lines["top"]
