"""The switch that lets a server look at pictures of the camera: off at first, and it says what leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.server import Host, Hosting
from tests.browser.shown import READY, start_camera
from tests.browser.sites import derived_site
from torch2web.catalog import SiteSettings
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.records import Weights

SERVER = "https://server.example/api/predict"
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
HERE = "On your device: no picture leaves it"
STATUS, SWITCH, WHERE = "#server-check-status", "#server-check input", "#where span"


@pytest.fixture
def host(small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path, host_of: Hosting) -> Host:
    spec, weights = catalog["mobilenet_emotion"], Weights("own.pth", "0" * 64, demo=False)
    settings = SiteSettings(recalibrate=SERVER)
    return host_of(derived_site(small_site, tmp_path, spec, weights, settings=settings))


@pytest.fixture
def opened(camera_browser: Browser, host: Host) -> Iterator[Page]:
    """The page with a camera; its own policy holds, so that the server must be named there."""
    context = camera_browser.new_context(permissions=["camera"])
    page = context.new_page()
    page.goto(host.url)
    yield page
    context.close()


def test_pictures_leave_while_it_is_on(opened: Page, catalog: dict[str, ModelSpec]) -> None:
    labels = list(catalog["mobilenet_emotion"].labels)
    asked: list[int] = []

    def answer(route: Route) -> None:
        if route.request.method == "OPTIONS":
            route.fulfill(status=204, headers=CORS)
        else:
            asked.append(len(route.request.post_data_buffer or b""))
            route.fulfill(json={"model": {"labels": labels}, "probabilities": [0, 0, 0, 1]}, headers=CORS)

    opened.route(SERVER, answer)
    assert not opened.is_visible("#server-check"), "no camera runs"
    start_camera(opened)
    expect(opened.locator("#server-check label")).to_contain_text("Have server.example look at a picture")
    assert opened.inner_text(STATUS) == "Off: no picture leaves your device."
    assert opened.inner_text(WHERE) == HERE
    assert violations(opened) == []
    opened.check(SWITCH)
    expect(opened.locator(WHERE)).to_have_text(
        "On your device; a picture of the camera goes to server.example every 30 seconds"
    )
    expect(opened.locator(STATUS)).to_contain_text("server.example has looked at the picture of")
    expect(opened.locator(STATUS)).to_contain_text("Pictures sent so far: 1.")
    assert 1000 < asked[0] < 200_000
    opened.uncheck(SWITCH)
    assert opened.inner_text(STATUS) == "Off: no picture leaves your device."
    assert opened.inner_text(WHERE) == HERE
    opened.check(SWITCH)
    opened.wait_for_timeout(4000)  # some answers
    assert opened.inner_text(STATUS) == "On: the next picture goes to server.example."
    assert len(asked) == 1, "30 seconds are not over"
    opened.click("#camera-stop")
    opened.wait_for_selector("#server-check", state="hidden")
    assert opened.inner_text(WHERE) == HERE, "without a camera nothing is sent"


def test_server_that_is_gone(opened: Page) -> None:
    opened.route(SERVER, lambda route: route.abort("connectionrefused"))
    start_camera(opened)
    opened.check(SWITCH)
    expect(opened.locator(STATUS)).to_contain_text("server.example gave no answer: only your device answers.")
    opened.wait_for_selector(READY)


def test_page_without_a_server_has_no_switch(small_site: Path) -> None:
    html = (small_site / "index.html").read_text()
    assert "server-check" not in html
    assert "connect-src" not in html
