"""The page's live camera with networks of other tasks, and with all networks together."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import violations
from tests.browser.server import Host
from tests.browser.shown import LIVE, READY, start_camera
from tests.browser.tasks.built import PICTURE


@pytest.fixture
def live(camera_context: BrowserContext, host: Host) -> Iterator[Page]:
    """The page while its camera runs, with the first network."""
    camera_context.grant_permissions(["camera"], origin=host.url)
    page = camera_context.new_page()
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    page.goto(host.url)
    start_camera(page)
    yield page
    page.close()
    assert uncaught == []


def choose(page: Page, name: str) -> None:
    page.locator(f"input[value='{name}']").check(force=True)
    page.wait_for_selector(f"{READY}:has(input[value='{name}']:checked)")
    page.wait_for_selector(LIVE)


def test_camera_with_all_networks_together(live: Page) -> None:
    choose(live, "*")
    expect(live.locator("#strip-legend li")).to_have_count(4)
    expect(live.locator("#label")).to_have_text(re.compile("crane|heron|stork"))
    expect(live.locator("#confidence")).to_have_text(re.compile(r"\d % sure"))
    assert violations(live) == []


def test_camera_with_numbers(live: Page) -> None:
    """Without a strip where their units differ: one axis would be wrong for one of them."""
    choose(live, "age")
    names = live.locator("#bars .bar-name")
    expect(names).to_have_text(["age", "height"])
    expect(live.locator("#bars .bar-value").first).to_have_text(re.compile("years$"))
    expect(live.locator("#strip")).to_be_hidden()
    choose(live, "tags")
    expect(live.locator("#strip")).to_be_visible()
    expect(live.locator("#strip-legend li")).to_have_count(5)
    expect(live.locator("#independent")).to_be_visible()


def test_camera_compared_with_a_picture(live: Page) -> None:
    """An embedding says something about two pictures: one is taken or chosen first."""
    choose(live, "face")
    expect(live.locator("#label")).to_have_text("Take a picture")
    expect(live.locator("#strip")).to_be_hidden()
    live.click("#camera-take")
    expect(live.locator("#label")).to_have_text("Choose another picture")
    start_camera(live)
    expect(live.locator("#confidence")).to_have_text("similarity")
    assert -1 <= float(live.inner_text("#label")) <= 1.001
    assert live.locator("#reference").is_visible()
    assert live.locator("#pin").is_hidden(), "the camera's frame is no picture yet"
    assert violations(live) == []
    live.set_input_files("#file", PICTURE)
    live.wait_for_selector("#camera", state="hidden")
    expect(live.locator("#pin")).to_be_visible()
