"""Before a large download the page asks."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import Fault, Host, Hosting
from tests.browser.shown import ASKING, READY
from tests.browser.sites import model_of, weights_of
from torch2web.site.report.advice import download_of

LARGE = "input[value=landmark_cnn_emotion]"


@pytest.fixture
def weights(demo_site: Path) -> set[str]:
    return set(weights_of(demo_site, "landmark_cnn_emotion"))


def test_arrow_key_starts_no_large_download(
    page: Page, demo_site: Path, host_of: Hosting, weights: set[str]
) -> None:
    host = host_of(demo_site)
    page.goto(host.url)
    page.wait_for_selector(READY)
    page.locator("input[value=mobilenet_emotion]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(ASKING)
    assert page.locator(LARGE).is_checked()
    size = download_of(model_of(demo_site, "landmark_cnn_emotion")) / 1e6
    assert f"LandmarkCNN is a download of {size:.1f} MB" in page.inner_text("#networks")
    page.locator(".sample").nth(1).click()
    page.wait_for_selector(ASKING)
    page.get_by_role("button", name="Back to MobileNetV2").click()
    page.wait_for_selector(READY)
    assert page.locator("input[value=mobilenet_emotion]").is_checked()
    assert page.locator("#asking").is_hidden()
    assert weights.isdisjoint(host.requests)


def test_downloads_after_a_yes_and_asks_no_second_time(
    page: Page, demo_site: Path, host_of: Hosting, weights: set[str]
) -> None:
    host = host_of(demo_site)
    page.goto(host.url)
    page.wait_for_selector(READY)
    page.check(LARGE, force=True)
    page.get_by_role("button", name="Download and answer").click()
    page.wait_for_selector(READY)
    assert weights <= set(host.requests)
    assert page.inner_text("#label") == "Bored"
    expect(page.locator(f".model:has({LARGE}) .row-answer")).to_have_text("Bored")
    page.reload()
    page.wait_for_selector(READY)
    host.requests.clear()
    page.evaluate(
        """() => new MutationObserver(() => (window.asked ||= app.dataset.state === "asking"))
            .observe(app, { attributes: true })"""
    )
    page.check(LARGE, force=True)
    page.wait_for_selector(f"{READY}:has({LARGE}:checked)")
    assert not page.evaluate("window.asked")
    assert weights.isdisjoint(host.requests)


def test_asks_in_place_of_the_first_answer(page: Page, host: Host, small_site: Path) -> None:
    html = (small_site / "index.html").read_text()
    assert html.count("data-bytes=") == 1
    host.faults["index.html"] = host.faults[""] = Fault(
        # Whose page has no preloads either: a changed script does not run.
        html.replace('data-bytes="', 'data-bytes="99').replace('"start":', '"start" :').encode(),
        content_type="text/html",
    )
    page.goto(host.url)
    page.wait_for_selector(ASKING)
    assert page.locator("#outcome #download").is_visible()
    assert page.locator("#back").is_hidden()
    assert page.inner_text("#label") == "Ready for your picture"
    assert page.inner_text("#status") == "It answers after one download"
    assert page.inner_text("#download") == "Download and answer"
    assert not [path for path in host.requests if path.startswith("models/parts")]
    page.click("#download")
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == "Bored"
