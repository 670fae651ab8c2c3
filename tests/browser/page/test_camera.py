"""The page's live camera: Chromium's fake one, fed with drawn faces. Every state a visitor may meet."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, Request

from tests.browser.axe import violations
from tests.browser.camera import SHOWN
from tests.browser.server import Host
from tests.browser.shown import LIVE, READY, start_camera

PROBLEM = "#camera[data-state=problem]"
TRACK = "document.getElementById('camera-video').srcObject.getVideoTracks()[0]"


Open = Callable[..., Page]


@pytest.fixture
def opened(camera_context: BrowserContext, host: Host) -> Iterator[Open]:
    """`opened(allowed=True, before="")`: the page, answered, after the script `before`."""
    pages: list[Page] = []
    uncaught: list[str] = []

    def open_page(*, allowed: bool = True, before: str = "") -> Page:
        if allowed:
            camera_context.grant_permissions(["camera"], origin=host.url)
        page = camera_context.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: uncaught.append(str(error)))
        if before:
            page.add_init_script(before)
        page.goto(host.url)
        page.wait_for_selector(READY)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert uncaught == []


def test_label_follows_the_camera_and_no_request_leaves(opened: Open) -> None:
    page = opened()
    start_camera(page)
    page.wait_for_function("() => document.querySelectorAll('#strip-legend li').length === 4")
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    page.evaluate(
        """() => {
            const label = document.getElementById("label");
            window.seen = new Set([label.textContent]);
            new MutationObserver(() => seen.add(label.textContent)).observe(label,
                { childList: true, characterData: true, subtree: true });
        }"""
    )
    page.wait_for_function("() => seen.size >= 2")
    assert set(page.evaluate("[...seen]")) <= set(SHOWN)
    assert requests == [], "the picture stays on this device"
    assert violations(page) == []
    summary = page.get_attribute("#strip-canvas", "aria-label") or ""
    assert all(f"{label} " in summary for label in SHOWN)
    assert page.locator("#camera-video").evaluate("video => getComputedStyle(video).transform") == (
        "matrix(-1, 0, 0, 1, 0, 0)"
    ), "a mirror"
    drawn = page.evaluate(
        """() => {
            const canvas = document.getElementById("strip-canvas");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(data.filter((_, at) => at % 4 === 0)).size;
        }"""
    )
    assert drawn > 4, "lines of several colours"


def test_camera_is_off_until_asked_and_released_at_the_end(opened: Open) -> None:
    page = opened(
        before="""
        window.asked = 0;
        const media = navigator.mediaDevices, real = media.getUserMedia.bind(media);
        media.getUserMedia = async (wanted) => {
            window.asked++;
            return window.stream = await real(wanted);
        };"""
    )
    assert page.evaluate("asked") == 0
    label = page.inner_text("#label")
    page.click("#camera-start")
    page.wait_for_selector(LIVE)
    page.wait_for_function("() => document.querySelectorAll('#strip-legend li').length > 0")
    page.click("#camera-pause")
    assert page.get_attribute("#camera-pause", "aria-pressed") == "true"
    assert page.evaluate("document.getElementById('camera-video').paused")
    page.click("#camera-pause")
    page.wait_for_selector(LIVE)
    page.click("#camera-stop")
    page.wait_for_selector("#camera", state="hidden")
    assert page.evaluate("stream.getTracks().map((track) => track.readyState)") == ["ended"]
    assert page.evaluate("document.activeElement.id") == "camera-start"
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == label, "the picture from before is answered again"
    start_camera(page)
    page.set_input_files("#file", files=_picture(page))
    page.wait_for_selector("#camera", state="hidden")
    assert page.evaluate("stream.getTracks().map((track) => track.readyState)") == ["ended"]


def _picture(page: Page) -> FilePayload:
    body = page.request.get(f"{page.url}samples/tired-1.jpg").body()
    return {"name": "tired.jpg", "mimeType": "image/jpeg", "buffer": body}


def test_frame_is_taken_as_a_picture(opened: Open) -> None:
    page = opened()
    start_camera(page)
    page.wait_for_function("() => document.getElementById('camera-video').videoWidth > 0")
    page.click("#camera-take")
    page.wait_for_selector("#camera", state="hidden")
    page.wait_for_selector(READY)
    assert page.inner_text("#label") in SHOWN
    assert page.locator("#preview").evaluate("image => image.naturalWidth") == 224


def test_camera_taken_away_is_explained_and_comes_back(opened: Open) -> None:
    page = opened()
    start_camera(page)
    target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]
    assert page.context.browser
    page.context.browser.new_browser_cdp_session().send(
        "Browser.setPermission",
        {
            "permission": {"name": "camera"},
            "setting": "denied",
            "origin": page.url.rstrip("/"),
            "browserContextId": target["browserContextId"],
        },
    )
    page.wait_for_selector(PROBLEM)
    assert "taken away" in page.inner_text("#camera-message")
    assert page.evaluate("document.getElementById('camera-video').srcObject") is None
    page.click("#camera-again")
    page.wait_for_function(
        "() => document.getElementById('camera-message').textContent.includes('may not use')"
    )
    page.context.grant_permissions(["camera"], origin=page.url)
    page.click("#camera-again")
    page.wait_for_selector(LIVE)


def test_denied_camera_is_explained(opened: Open) -> None:
    page = opened(allowed=False)
    page.click("#camera-start")
    page.wait_for_selector(PROBLEM)
    assert "Allow it in the browser" in page.inner_text("#camera-message")
    page.click("#camera-close")
    page.wait_for_selector("#camera", state="hidden")
    page.wait_for_selector(READY)


def test_missing_camera_is_explained(page: Page, host: Host) -> None:
    page.goto(host.url)
    page.wait_for_selector(READY)
    page.click("#heat-toggle")
    page.wait_for_selector("#heat:visible")
    page.click("#camera-start")
    page.wait_for_selector(PROBLEM)
    assert "No camera was found" in page.inner_text("#camera-message")
    assert page.locator("#heat-options").is_hidden(), "there is no map without a picture"
    assert violations(page) == []


PROBLEMS = {
    "NotReadableError": "Another program may have it",
    "OverconstrainedError": "not there any more",
    "SecurityError": "switched off for this page",
    "AbortError": "did not start",
    "UnknownError": "did not start",
}
FAILING = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", window.failure); };
"""


def test_other_problems_say_what_to_do(opened: Open) -> None:
    page = opened(before=FAILING)
    page.evaluate("window.failure = 'NotReadableError'")
    page.click("#camera-start")
    for name, words in PROBLEMS.items():
        page.evaluate("name => { window.failure = name; }", name)
        page.wait_for_selector(PROBLEM)
        page.click("#camera-again")
        page.wait_for_function(
            "words => document.getElementById('camera-message').textContent.includes(words)", arg=words
        )


TWO_CAMERAS = """
const media = navigator.mediaDevices;
const real = media.getUserMedia.bind(media);
window.wanted = [];
media.getUserMedia = async (wanted) => {
    window.wanted.push(JSON.stringify(wanted.video.deviceId ?? wanted.video.facingMode));
    const stream = await real({ video: true });
    const [track] = stream.getVideoTracks();
    const side = wanted.video.facingMode?.ideal ?? "user";
    track.getSettings = () => ({ deviceId: wanted.video.deviceId?.exact ?? "one", facingMode: side });
    track.getCapabilities = () => ({ torch: side === "environment" });
    track.applyConstraints = async (set) => { window.applied = JSON.stringify(set); };
    return stream;
};
media.enumerateDevices = async () => ["one", "two"].map((deviceId) => ({
    deviceId, kind: "videoinput", label: deviceId === "one" ? "Built in" : "",
}));
"""


def test_camera_can_be_chosen(opened: Open) -> None:
    page = opened(before=TWO_CAMERAS)
    start_camera(page)
    page.wait_for_selector("#camera-device:visible")
    assert page.locator("#camera-device option").all_inner_texts() == ["Built in", "Camera 2"]
    assert page.locator("#camera-flip").is_hidden()
    page.select_option("#camera-device", "two")
    page.wait_for_function("() => window.wanted.length === 2")
    page.wait_for_selector(LIVE)
    assert page.evaluate("wanted") == ['{"ideal":"user"}', '{"exact":"two"}']


def test_phone_switches_sides_and_lights(opened: Open) -> None:
    coarse = "matchMedia = () => ({ matches: true });"
    page = opened(before=TWO_CAMERAS + coarse)
    start_camera(page)
    page.wait_for_selector("#camera-flip:visible")
    assert page.locator("#camera-torch").is_hidden()
    page.click("#camera-flip")
    page.wait_for_selector("#camera-torch:visible")
    assert page.evaluate("wanted.at(-1)") == '{"ideal":"environment"}'
    assert "mirrored" not in (page.get_attribute("#camera", "class") or "")
    page.click("#camera-torch")
    page.wait_for_selector("#camera-torch[aria-pressed=true]")
    assert page.evaluate("applied") == '{"advanced":[{"torch":true}]}'


def test_dark_picture_and_camera_without_a_picture_are_hinted_at(opened: Open) -> None:
    page = opened(
        before="""
        const canvas = document.createElement("canvas");
        navigator.mediaDevices.getUserMedia = async () => {
            const context = canvas.getContext("2d");
            let light = 8;
            window.shine = () => { light = 200; };
            setInterval(() => {
                context.fillStyle = `rgb(${light}, ${light}, ${light})`;
                context.fillRect(0, 0, canvas.width, canvas.height);
            }, 50);
            return canvas.captureStream();
        };"""
    )
    start_camera(page)
    page.wait_for_selector("#camera-hint:visible")
    assert "It is dark" in page.inner_text("#camera-hint")
    page.evaluate("shine()")
    page.wait_for_selector("#camera-hint", state="hidden")
    page.evaluate(f"{TRACK}.dispatchEvent(new Event('mute'))")
    assert "gives no picture" in page.inner_text("#camera-hint")
    page.evaluate(f"{TRACK}.dispatchEvent(new Event('unmute'))")
    assert page.locator("#camera-hint").is_hidden()


HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def _wait_until_at_rest(page: Page) -> None:
    """Wait until the bars stay as they are: the answer that was on its way has come."""
    page.wait_for_timeout(500)
    for _ in range(60):
        before = page.evaluate("changes")
        page.wait_for_timeout(1000)
        if page.evaluate("changes") == before:
            return
    raise AssertionError("frames are still answered")


def test_hidden_page_pauses_and_later_gives_the_camera_back(opened: Open) -> None:
    page = opened()
    start_camera(page)
    page.evaluate(
        """() => {
            window.changes = 0;
            new MutationObserver(() => changes++).observe(document.getElementById("bars"),
                { childList: true, subtree: true, characterData: true, attributes: true });
        }"""
    )
    page.wait_for_function("() => changes > 0")
    page.clock.install()
    page.evaluate(HIDE, True)
    _wait_until_at_rest(page)
    assert page.evaluate(f"{TRACK}.readyState") == "live"
    page.clock.fast_forward(61_000)
    page.wait_for_selector(PROBLEM)
    assert "in the background" in page.inner_text("#camera-message")
