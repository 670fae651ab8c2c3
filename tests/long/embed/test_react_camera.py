"""The small React app with Chromium's fake camera: it is asked for on a click, answers, and is turned off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.launch import launched
from tests.browser.server import Host
from tests.patience import PATIENCE_MS

pytestmark = pytest.mark.long

STREAMS = """
const { mediaDevices } = navigator;
const open = mediaDevices.getUserMedia.bind(mediaDevices);
window.streams = [];
mediaDevices.getUserMedia = async (constraints) => {
  const stream = await open(constraints);
  streams.push(stream);
  return stream;
};
"""
OFF = "() => streams.every((stream) => !stream.active)"


@pytest.fixture(scope="module")
def camera_browser(browser: Browser) -> Iterator[Browser]:
    """It has a camera, and refuses it without a permission."""
    with launched(browser.browser_type, "--use-fake-device-for-media-stream") as with_camera:
        yield with_camera


@pytest.fixture
def app(camera_browser: Browser, vite_app: Host) -> Iterator[Page]:
    page = camera_browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(STREAMS)
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    page.goto(vite_app.url)
    expect(page.locator("progress")).to_have_count(0)
    yield page
    page.close()
    assert uncaught == []


def shown_label(page: Page) -> str:
    """The most probable one."""
    expect(page.locator("meter").first).to_be_visible()
    return page.locator("p", has=page.locator("meter")).first.inner_text()[0]


def test_camera_answers_until_it_is_stopped(app: Page, vite_app: Host) -> None:
    app.context.grant_permissions(["camera"], origin=vite_app.url)
    assert app.evaluate("streams") == [], "it is asked for on a click"
    app.get_by_role("button", name="Camera").click()
    label = shown_label(app)
    video = "document.querySelector('video')"
    app.wait_for_function(f"() => {video}.videoWidth && {video}.currentTime > 0.2")
    app.get_by_role("button", name="two").click()
    app.wait_for_function(
        "label => document.querySelector('meter')?.parentElement.innerText[0] !== label", arg=label
    )
    assert app.evaluate("streams.filter((stream) => stream.active).length") == 1, "under StrictMode too"
    app.get_by_role("button", name="Stop the camera").click()
    app.wait_for_function(OFF)
    expect(app.locator("video, meter, [role=alert]")).to_have_count(0)
    app.get_by_role("button", name="Camera").click()
    shown_label(app)
    app.evaluate("app.unmount()")
    app.wait_for_function(OFF)


def test_camera_taken_away_and_refused(app: Page, vite_app: Host) -> None:
    app.context.grant_permissions(["camera"], origin=vite_app.url)
    app.get_by_role("button", name="Camera").click()
    shown_label(app)
    taken = (
        "const [track] = streams.at(-1).getTracks(); track.stop(); track.dispatchEvent(new Event('ended'))"
    )
    app.evaluate(taken)
    expect(app.get_by_role("alert")).to_contain_text("ended")
    app.get_by_role("button", name="Stop the camera").click()
    expect(app.get_by_role("alert")).to_have_count(0)
    app.context.clear_permissions()
    app.get_by_role("button", name="Camera").click()
    expect(app.get_by_role("alert")).to_contain_text("NotAllowedError")
    app.get_by_role("button", name="Stop the camera").click()
    expect(app.get_by_role("alert")).to_have_count(0)
