"""Elements that show an image: the bytes that are read, and when they are exact."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.server import Fault, Host, Hosting, Pause
from tests.browser.sources.pictures import CORS, MODEL, ask, digest, drawn, encoded, open_sources, tensor_of


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
@pytest.mark.parametrize("origin", ["same", "cors"])
def test_address_that_gives_another_picture_each_time(
    page: Page, host: Host, host_of: Hosting, small_site: Path, origin: str, worker: bool
) -> None:
    """As with a camera's snapshots: the shown image is predicted, not one fetched again."""
    shown, later = (encoded(drawn(90, 60, seed), "PNG") for seed in (1, 2))
    other = host if origin == "same" else host_of(small_site)
    open_sources(page, host)
    camera(other, shown)
    cross = "anonymous" if origin == "cors" else None
    page.evaluate(SHOW, [f"{other.url}camera.png", cross])
    camera(other, later)
    answer = page.evaluate(ANSWER, [MODEL, worker])
    assert answer["tensor"] == tensor_of(shown, "apply")
    assert answer["exact"] is False
    assert "gives another image than it shows" in answer["inexact"]


SHOW = """async ([url, crossOrigin]) => {
    window.shown = document.createElement("img");
    if (crossOrigin) shown.crossOrigin = crossOrigin;
    shown.src = url;
    await shown.decode();
}"""

ANSWER = "async ([name, worker]) => sources.answer(await probe.load(name, { worker }), shown)"


def camera(host: Host, content: bytes, **headers: str) -> None:
    """Serve this image as `camera.png` from now on, with CORS headers."""
    sent = {"Cache-Control": "no-store", **CORS, **headers}
    host.faults["camera.png"] = Fault(content, content_type="image/png", headers=sent)


def test_img_of_another_origin_is_exact_once_it_can_be_compared(
    page: Page, host: Host, host_of: Hosting, small_site: Path
) -> None:
    content = encoded(drawn(90, 60), "PNG")
    other = host_of(small_site)
    camera(other, content)
    open_sources(page, host)
    for cross, exact in ((None, False), ("anonymous", True)):
        page.evaluate(SHOW, [f"{other.url}camera.png?{cross}", cross])
        answer = page.evaluate(ANSWER, [MODEL, True])
        assert answer["tensor"] == tensor_of(content, "apply")
        assert answer["exact"] is exact
        assert ("no crossorigin attribute" in answer["inexact"]) is not exact


def test_cached_copy_without_cors_is_fetched_once_more(
    page: Page, host: Host, host_of: Hosting, small_site: Path
) -> None:
    """As with storage that sends CORS headers only for requests with an Origin."""
    content = encoded(drawn(90, 60), "PNG")
    other = host_of(small_site)
    plain = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "max-age=600"}
    open_sources(page, host)
    for address in (False, True):
        name = f"stored-{address}.png"
        other.faults[name] = Fault(content, content_type="image/png", headers=plain)
        page.evaluate(SHOW, [f"{other.url}{name}", None])
        other.faults[name] = Fault(content, content_type="image/png", headers={**plain, **CORS})
        source = "shown.src" if address else "shown"
        answer = page.evaluate(ANSWER.replace("shown)", f"{source})"), [MODEL, True])
        assert answer["tensor"] == tensor_of(content, "apply")


@pytest.mark.parametrize(("size", "width"), [("", 0), ('width="80" height="40"', 80)])
@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_svg_is_read_as_the_browser_draws_it(
    page: Page, host: Host, tmp_path: Path, size: str, width: int, worker: bool
) -> None:
    path = tmp_path / f"drawing-{width}.svg"
    rectangle = '<rect width="100%" height="100%" fill="#0a8040"/>'
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{rectangle}</svg>')
    host.extras[f"photos/{path.name}"] = path
    answer = ask(page, host, MODEL, [f"/photos/{path.name}"], ["img"], {"worker": worker}, {})
    found = answer[f"/photos/{path.name}"]["img"]
    assert "error" not in found, found
    assert found["tensor"] == digest(Image.new("RGB", (80, 40), (0x0A, 0x80, 0x40)))
    assert found["exact"] is False
    assert found["inexact"] == "an SVG is drawn by the browser"


STREAM = """async ([name, worker]) => {
    const model = await probe.load(name, { worker });
    window.shown = document.createElement("img");
    document.body.append(shown);
    shown.src = "/stream.mjpeg";
    while (!shown.naturalWidth) await new Promise(resolve => setTimeout(resolve, 20));
    const real = globalThis.setTimeout;
    globalThis.setTimeout = (run, ms) => real(run, ms === 10_000 ? 120_000 : ms);
    const late = new Promise(resolve => real(() => resolve({ inexact: "it waited" }), 100_000));
    const { exact, inexact } = await Promise.race([model.predict(shown), late]);
    shown.remove();
    return { exact, inexact };
}"""


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_stream_of_images_is_read_as_it_is_shown(page: Page, host: Host, worker: bool) -> None:
    """As of a network camera: one response that never ends (MJPEG)."""
    picture = encoded(drawn(90, 60), "JPEG")
    frame = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + picture + b"\r\n"
    endless = Pause()
    host.faults["stream.mjpeg"] = Fault(
        frame * 2 + b"--frame",
        content_type="multipart/x-mixed-replace; boundary=frame",
        framing="close",
        cut=len(frame) * 2 + 7,
        pause=endless,
    )
    open_sources(page, host)
    found = page.evaluate(STREAM, [MODEL, worker])
    endless.go_on()
    assert found["exact"] is False
    assert "only what the element shows" in found["inexact"]


def test_lazy_img_out_of_view_is_named(page: Page, host: Host) -> None:
    open_sources(page, host)
    error = page.evaluate(
        """async name => {
            const model = await probe.load(name);
            const img = Object.assign(document.createElement("img"), { loading: "lazy" });
            img.style.cssText = "position: absolute; top: 100000px";
            document.body.append(img);
            img.src = "/photos/upright.jpg";
            return model.predict(img).catch(probe.describe);
        }""",
        MODEL,
    )
    assert error["error"] == "DecodeError"
    assert "did not load within 10 s" in error["message"]
    assert "A lazy <img> out of view does not load" in error["message"]
