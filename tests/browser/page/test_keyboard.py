"""Everything that the page offers, by keyboard alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.server import Host, Hosting
from tests.browser.shown import READY

FOCUSED = """() => {
    const { activeElement: element } = document;
    return element.id || element.closest("details")?.id || element.name || element.className;
}"""


@pytest.fixture
def host(demo_site: Path, host_of: Hosting) -> Host:
    return host_of(demo_site)


@pytest.fixture
def page(camera_context: BrowserContext, host: Host) -> Iterator[Page]:
    """The page with its first answer; its browser has a camera."""
    camera_context.grant_permissions(["camera"], origin=host.url)
    page = camera_context.new_page()
    page.goto(host.url)
    page.wait_for_selector(READY)
    yield page
    page.close()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this id or name has the focus, which is seen."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            label = (
                "getComputedStyle(document.activeElement.nextElementSibling ?? document.body).outlineStyle"
            )
            assert "solid" in (page.evaluate(outline), page.evaluate(label)), f"{name}: the focus is not seen"
            return
    pytest.fail(f"{name} is not reached")


def test_camera(page: Page) -> None:
    tab_to(page, "camera-start")
    page.keyboard.press("Enter")
    page.wait_for_selector("#camera[data-state=live]")
    tab_to(page, "camera-pause")
    page.keyboard.press("Space")
    page.wait_for_selector("#camera[data-state=paused]")
    page.keyboard.press("Space")
    page.wait_for_selector("#camera[data-state=live]")
    tab_to(page, "camera-stop")
    page.keyboard.press("Enter")
    page.wait_for_selector("#camera", state="hidden")
    assert page.evaluate(FOCUSED) == "camera-start", "the focus is not lost"


def test_panels(page: Page, host: Host) -> None:
    """Heat map, comparison, several files with their table, and the history with its pictures."""
    pictures = [host.site / "samples" / name for name in ("tired-1.jpg", "focused-1.jpg")]
    # From the start: the browser begins to report file choosers some time after it was told to.
    page.on("filechooser", lambda chooser: chooser.set_files(pictures))
    tab_to(page, "heat-toggle")
    page.keyboard.press("Space")
    page.wait_for_selector("#heat:visible")
    tab_to(page, "heat-label")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#heat-note")).to_contain_text("“Bored”")
    tab_to(page, "compare")
    page.keyboard.press("Enter")
    tab_to(page, "compare-network")
    page.wait_for_selector("#compare-network option", state="attached")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#compare-verdict")).to_contain_text("agree")
    tab_to(page, "batch")
    page.keyboard.press("Enter")
    tab_to(page, "batch-files")
    page.keyboard.press("Enter")
    page.wait_for_selector("#batch-save:visible")
    tab_to(page, "batch-csv")
    with page.expect_download():
        page.keyboard.press("Enter")
    tab_to(page, "history")
    page.keyboard.press("Enter")
    page.wait_for_selector("#history-rows tr")
    tab_to(page, "history-csv")
    with page.expect_download():
        page.keyboard.press("Enter")
    tab_to(page, "history-clear")
    page.keyboard.press("Enter")
    expect(page.locator("#history-empty")).to_be_visible()
    assert page.evaluate(FOCUSED) == "history", "the focus is not lost"
