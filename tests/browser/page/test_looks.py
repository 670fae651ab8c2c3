"""For every eye, hand and screen."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.parity import HARNESS
from tests.browser.server import Host, Hosting
from tests.browser.shown import READY


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_cut_off(page: Page, demo_site: Path, host_of: Hosting, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(host_of(demo_site).url)
    page.wait_for_selector(READY)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_tables_fit_a_phone_and_one_network_is_no_choice(page: Page, host: Host) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(host.url)
    page.wait_for_selector(READY)
    for tool in ("details", "history"):
        page.click(f"#{tool} summary")
        table = page.locator(f"#{tool} .scroll table")
        table.wait_for()
        assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth"), tool
        assert table.locator("tr >> nth=1").locator("td >> nth=-1").is_visible()
    assert page.locator(".row-answer").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_schemes(browser: Browser, host: Host, scheme: str) -> None:
    host.extras["harness/contrast.js"] = HARNESS / "contrast.js"
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(host.url)
    page.wait_for_selector(READY)
    ratios = page.evaluate("() => import('/harness/contrast.js').then(({ contrasts }) => contrasts())")
    context.close()
    assert len(ratios) > 12
    assert [entry for entry in ratios if entry[0] < 4.5] == [], "WCAG 2 asks for a contrast of 4.5"


def test_by_keyboard_alone(page: Page, demo_site: Path, host_of: Hosting) -> None:
    page.goto(host_of(demo_site).url)
    page.wait_for_selector(READY)
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.name || document.activeElement.className"
            )
        )
        if reached[-1] == "sample" and reached.count("sample") == 3:
            page.evaluate("document.getElementById('app').dataset.state = 'asked'")
            page.keyboard.press("Enter")
            page.wait_for_selector(READY)
            assert page.locator(".sample[aria-pressed=true]").count() == 1
        if reached[-1] == "model":
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
            assert page.locator("input[value=efficientnet_emotion]").is_checked()
            break
    assert reached.count("sample") == 8
    assert "file" in reached
    assert reached[-1] == "model"
    page.wait_for_selector(READY)
