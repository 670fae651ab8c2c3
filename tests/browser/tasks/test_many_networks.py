"""The page of a catalogue with many networks: it lists the first, the others after a click."""

from pathlib import Path
from unittest.mock import patch

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.server import Fault, Host, Hosting
from tests.browser.shown import READY
from tests.browser.tasks.built import PICTURE, Built
from tests.tiny_tasks import NAMES, network
from torch2web.cli import main
from torch2web.site.manifest import split
from torch2web.site.writers import pages

LISTED = 3
ALL = "#all-models"
ROWS = """() => [...document.querySelectorAll("#models input")]
    .filter((input) => input.checkVisibility()).map(({ value }) => value)"""


@pytest.fixture(scope="module")
def site(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of all tasks, of which the page lists a few."""
    folder, out = built.site.parent, tmp_path_factory.mktemp("many") / "site"
    with (
        patch.object(split, "MAX_INLINE", LISTED),
        patch.object(pages, "MAX_INLINE", LISTED),
        patch("torch2web.sources.load.load_model", network),
    ):
        options = ["--catalog", folder / "models.toml", "--checkpoints", folder, "--no-verify-page"]
        options += ["--no-precompressed", "--cache", folder / "cache", "--out", out]
        assert main(["build", *map(str, options)]) == 0
    return out


@pytest.fixture
def many(site: Path, host_of: Hosting, page: Page) -> Host:
    host = host_of(site)
    page.goto(host.url)
    return host


def rows(page: Page) -> list[str]:
    found: list[str] = page.evaluate(ROWS)
    return found


def test_page_starts_without_the_others(site: Path, many: Host, page: Page) -> None:
    html = (site / "index.html").read_text()
    assert NAMES[LISTED] not in rows(page)
    assert f'value="{NAMES[LISTED]}"' not in html
    assert rows(page) == [*NAMES[:LISTED]]
    assert page.inner_text(ALL) == f"Show all {len(NAMES)} networks"
    assert not [path for path in many.requests if path.startswith("networks-")]


def test_all_are_listed_searched_and_chosen(many: Host, page: Page) -> None:
    page.set_input_files("#file", PICTURE)
    page.wait_for_selector(READY)
    page.click(ALL)
    page.wait_for_selector("#model-search")
    assert rows(page) == [*NAMES]
    assert not page.is_visible(ALL)
    assert violations(page) == []
    page.fill("#model-search", "MA k")
    page.wait_for_function("document.getElementById('models-found').textContent")
    assert rows(page) == ["classes", "marks", "mask"], "the chosen one stays"
    assert page.inner_text("#models-found") == f"2 of {len(NAMES)}"
    page.check("input[value=mask]", force=True)
    page.wait_for_selector(READY)
    page.wait_for_function("document.querySelector('.model:has([value=mask]) .row-answer').textContent")
    page.fill("#model-search", "")
    page.wait_for_function("!document.getElementById('models-found').textContent")
    assert rows(page) == [*NAMES]
    page.click("#compare summary")
    page.wait_for_selector("#compare-network option", state="attached")
    offered = page.locator("#compare-network option").evaluate_all("(all) => all.map(({ value }) => value)")
    assert offered == [name for name in NAMES if name not in ("mask", "face")]


def test_list_that_does_not_arrive_is_asked_for_again(many: Host, page: Page) -> None:
    path = page.get_attribute(ALL, "data-src") or ""
    content = (many.site / path).read_bytes()
    many.faults[path] = Fault(body=content.replace(b"mask", b"musk"))
    page.click(ALL)
    page.wait_for_selector("#problem:not([hidden])")
    assert rows(page) == [*NAMES[:LISTED]], "nothing unchecked is shown"
    del many.faults[path]
    page.click(ALL)
    page.wait_for_selector("#model-search")
    assert rows(page) == [*NAMES]
