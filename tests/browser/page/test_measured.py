"""Bytes before the first model, and a layout that does not move."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.server import Host, Hosting
from tests.browser.shown import READY
from tests.browser.sites import script_of, style_of

SHELL = 60_000
"""Most bytes of the page before it loads a model or a picture, as precompressed."""

WATCH_LAYOUT = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
        shifts.push([value, ...sources.map(({ node }) => node?.id || node?.className || node?.nodeName)]);
    }
}).observe({ type: "layout-shift", buffered: true });
"""


def test_page_is_small(page: Page, host: Host, small_site: Path) -> None:
    for pattern in ("**/models/**", "**/start-*", "**/images-*"):
        page.route(pattern, lambda route: route.abort())
    page.route("**/samples/*.jpg", lambda route: route.abort())
    page.goto(host.url)
    page.wait_for_load_state("networkidle")
    paths = {path or "index.html" for path in host.requests}
    named = {script_of(small_site, "page"), style_of(small_site), script_of(small_site)}
    thumbnails = {path for path in paths if path.startswith("samples/small/bored-1-")}
    assert {"index.html"} | named <= paths
    assert len(thumbnails) == 1
    sizes = {path: _transferred(small_site / path) for path in sorted(paths)}
    assert sum(sizes.values()) <= SHELL, sizes


def _transferred(file: Path) -> int:
    compressed = file.with_name(f"{file.name}.br")
    return (compressed if compressed.is_file() else file).stat().st_size


@pytest.mark.parametrize("width", [320, 360, 390, 1280])
def test_nothing_moves(browser: Browser, demo_site: Path, host_of: Hosting, width: int) -> None:
    """From the first paint on, over an answer, another network and another picture."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.add_init_script(WATCH_LAYOUT)
    page.goto(host_of(demo_site).url)
    page.wait_for_selector(READY)
    page.wait_for_timeout(300)
    page.check("input[value=efficientnet_emotion]", force=True)
    page.wait_for_selector("#label:text('Getting ready')")
    page.wait_for_selector(READY)
    page.locator(".sample[data-label=Confused]").first.click()
    page.wait_for_selector(f"{READY}:has(#label:text('Confused'))")
    page.wait_for_timeout(300)
    shifts = page.evaluate("shifts")
    context.close()
    assert shifts == []
