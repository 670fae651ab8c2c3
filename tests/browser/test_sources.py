"""`exact` is true only for Pillow's pixels: every kind of source, every kind of picture, against Python."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Fault, Host, Hosting, Pause
from torch2web.images.preprocessing import Preprocessing, open_rgb, preprocess
from torch2web.images.steps import Resize

MODEL = "mobilenet_emotion"
SPEC = Preprocessing((Resize((224, 224), "bilinear"),), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
ORIENTATION_TAG = 0x0112

CORS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def drawn(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture in which every row and every direction differs."""
    rows, columns = np.mgrid[0:height, 0:width]
    noise = np.random.Generator(np.random.PCG64(seed)).integers(0, 60, (height, width, 3))
    planes = [columns * 190 // width, rows * 190 // height, (columns + rows) % 190]
    return Image.fromarray((np.stack(planes, -1) + noise).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def rotated(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    return exif


def with_alpha(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


PICTURES: dict[str, bytes] = {
    "upright.jpg": encoded(drawn(90, 60), "JPEG", quality=90),
    "lying.jpg": encoded(drawn(90, 60), "JPEG", quality=90, exif=rotated(6)),
    "mirrored.png": encoded(drawn(60, 90), "PNG", exif=rotated(5)),
    "upside-down.webp": encoded(drawn(90, 60), "WEBP", exif=rotated(3)),
    "alpha.png": encoded(with_alpha(drawn(80, 50)), "PNG"),
    "alpha.webp": encoded(with_alpha(drawn(80, 50)), "WEBP"),
    "grey.jpg": encoded(drawn(64, 64).convert("L"), "JPEG"),
    "palette.gif": encoded(drawn(50, 70).quantize(), "GIF"),
    "wider-than-a-tile.png": encoded(drawn(5000, 12), "PNG"),
    "higher-than-a-tile-lying.jpg": encoded(drawn(12, 5000), "JPEG", exif=rotated(8)),
}
OF_FILES = ("blob", "file", "address", "URL", "another window's Blob")
"""Kinds of source that are files, beside every <img>: their orientation is applied by the loader."""


def tensor_of(content: bytes, orientation: str) -> str:
    return digest(open_rgb(io.BytesIO(content), orientation))


def digest(image: Image.Image) -> str:
    return hashlib.sha256(preprocess(image, SPEC).tobytes()).hexdigest()


@pytest.fixture
def host(small_site: Path, host_of: Hosting, tmp_path: Path) -> Host:
    host = host_of(small_site)
    for name, content in PICTURES.items():
        (tmp_path / name).write_bytes(content)
        host.extras[f"photos/{name}"] = tmp_path / name
    return host


def ask(page: Page, host: Host, *arguments: object) -> Any:
    """The answers of the loader: by picture, then by kind of source."""
    open_sources(page, host)
    return page.evaluate("args => sources.answers(...args)", list(arguments))


@pytest.mark.parametrize("orientation", ["apply", "ignore"])
@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_exact_means_pillows_pixels(page: Page, host: Host, worker: bool, orientation: str) -> None:
    addresses = {f"/photos/{name}": content for name, content in PICTURES.items()}
    options = [{"worker": worker}, {"orientation": orientation}]
    found = ask(page, host, MODEL, list(addresses), [], *options)
    wrong = []
    for address, content in addresses.items():
        for kind, answer in found[address].items():
            if not _as_expected(address, content, kind, orientation, answer):
                wrong.append((address, kind, answer))
    assert wrong == []


def _as_expected(address: str, content: bytes, kind: str, orientation: str, answer: dict[str, Any]) -> bool:
    is_file = kind in OF_FILES or "img" in kind
    if "alpha" in address and not is_file:
        # Its colours were multiplied with its alpha; ImageData is taken for what it holds all the same.
        return bool(answer["exact"]) == ("ImageData" in kind)
    exif = Image.open(io.BytesIO(content)).getexif().get(ORIENTATION_TAG, 1)
    # A canvas or frame shows what the browser shows: upright, but Chromium shows WebP as stored.
    shown = "ignore" if address.endswith(".webp") else "apply"
    wanted = orientation if is_file else shown
    return answer == {
        "tensor": tensor_of(content, wanted),
        "exact": True,
        "inexact": "",
        "orientation": {
            "exif": exif if is_file else 1,
            "applied": is_file and orientation == "apply" and exif > 1,
        },
        "decodedBy": answer["decodedBy"],
    }


LIMITS = """limit => {
    // As on a device whose canvases and bitmaps have a limit: larger ones stay empty, or are refused.
    const tooLarge = (width, height) => width > 4096 || height > 4096;
    const { getContext } = OffscreenCanvas.prototype;
    OffscreenCanvas.prototype.getContext = function (...args) {
        const context = getContext.apply(this, args);
        if (tooLarge(this.width, this.height)) context.drawImage = () => {};
        return context;
    };
    const original = globalThis.createImageBitmap;
    globalThis.limited = 0;
    globalThis.createImageBitmap = async (source, ...rest) => {
        const bitmap = await original(source, ...rest);
        const whole = rest.length < 4 && source instanceof Blob;
        if (!whole || !tooLarge(bitmap.width, bitmap.height)) return bitmap;
        globalThis.limited++;
        if (limit === "refused") throw new DOMException("", "InvalidStateError");
        return original(new ImageData(bitmap.width, bitmap.height));
    };
}"""


@pytest.mark.parametrize("limit", ["empty", "refused"])
def test_photo_larger_than_a_canvas_of_this_device(
    page: Page, host: Host, tmp_path: Path, limit: str
) -> None:
    content = encoded(drawn(5000, 1800), "JPEG", quality=80)
    (tmp_path / "panorama.jpg").write_bytes(content)
    host.extras["photos/panorama.jpg"] = tmp_path / "panorama.jpg"
    page.add_init_script(f"({LIMITS})({limit!r})")
    kinds = ["blob", "address", "img"]
    found = ask(page, host, MODEL, ["/photos/panorama.jpg"], kinds, {"worker": False}, {})
    assert page.evaluate("limited") > 0
    expected = tensor_of(content, "apply")
    answers = found["/photos/panorama.jpg"]
    assert {kind: answer.get("tensor") for kind, answer in answers.items()} == dict.fromkeys(kinds, expected)
    assert answers["blob"]["exact"]


def test_bitmap_that_stays_empty_is_refused(page: Page, host: Host) -> None:
    """No answer where even a part of the photo cannot be decoded, and none of a canvas that was cleared."""
    page.add_init_script(
        """const original = createImageBitmap;
        globalThis.createImageBitmap = async () => original(new ImageData(90, 60));"""
    )
    found = ask(page, host, MODEL, ["/photos/upright.jpg"], ["blob", "ImageBitmap"], {"worker": False}, {})
    answers = found["/photos/upright.jpg"]
    assert answers["blob"]["error"] == answers["ImageBitmap"]["error"] == "DecodeError"
    assert "cannot decode an image of 90 × 60 pixels" in answers["blob"]["message"]
    assert "transparent everywhere" in answers["ImageBitmap"]["message"]


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
@pytest.mark.parametrize("origin", ["same", "cors"])
def test_address_that_gives_another_picture_each_time(
    page: Page, host: Host, host_of: Hosting, small_site: Path, origin: str, worker: bool
) -> None:
    """As of a camera's snapshots: the picture that is shown is answered, not the one that is fetched."""
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
    """From now on, this is the picture at `camera.png`, for every origin."""
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
    """As of storage that sends CORS headers only where they are asked for."""
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


def open_sources(page: Page, host: Host) -> None:
    """Open a page without a policy of its own, with the harness of this file."""
    open_harness(page, host, "open.html")
    page.evaluate("import('/harness/sources.js').then(module => { window.sources = module; })")


def test_values_of_other_colour_spaces_are_converted(page: Page, host: Host) -> None:
    """ImageData of another colour space, or of floating point, as a canvas shows it."""
    open_sources(page, host)
    found = page.evaluate(
        """async name => {
            const model = await probe.load(name);
            const wide = new ImageData(40, 30, { colorSpace: "display-p3" });
            wide.data.forEach((_, i) => (wide.data[i] = i % 4 === 3 ? 255 : (i * 7) & 255));
            const context = new OffscreenCanvas(40, 30).getContext("2d", { willReadFrequently: true });
            context.putImageData(wide, 0, 0);
            const shown = context.getImageData(0, 0, 40, 30);
            const pairs = { wide: [wide, shown] };
            try {
                const half = context.getImageData(0, 0, 40, 30, { pixelFormat: "rgba-float16" });
                if (!(half.data instanceof Uint8ClampedArray)) pairs.half = [half, shown];
            } catch {}
            const tensors = {};
            for (const [kind, both] of Object.entries(pairs))
                tensors[kind] = await Promise.all(both.map(one => model.preprocess(one).then(probe.sha256)));
            tensors.asStored = [await probe.sha256(await model.preprocess(new ImageData(wide.data, 40)))];
            return tensors;
        }""",
        MODEL,
    )
    assert found["wide"][0] == found["wide"][1] != found["asStored"][0]
    if "half" in found:
        assert found["half"][0] == found["half"][1]


ALTERED = """most => {
    const { getImageData } = OffscreenCanvasRenderingContext2D.prototype;
    OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...args) {
        const image = getImageData.apply(this, args);
        // As browsers do it that protect against fingerprinting.
        for (let i = 0; i < image.data.length; i += 5) if (i % 4 !== 3) image.data[i] ^= most;
        return image;
    };
}"""


@pytest.mark.parametrize("kind", ["blob", "img", "canvas"])
def test_noise_for_pixels_is_refused_and_low_bits_are_said(page: Page, host: Host, kind: str) -> None:
    for most, outcome in ((1, "alters what pages read back"), (0xF0, "noise instead of an image's pixels")):
        page.add_init_script(f"({ALTERED})({most})")
        photos = ["/photos/upright.jpg"]
        answer = ask(page, host, MODEL, photos, [kind], {"worker": False}, {})[photos[0]][kind]
        assert answer.get("exact", False) is False
        assert outcome in answer.get("message", answer.get("inexact", ""))


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


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("undefined", "DecodeError", "Found an Undefined, which is not an image; pass a Blob, a URL"),
        ("42", "DecodeError", "Found a Number"),
        ("'no such file.jpg'", "DownloadError", "status 404"),
        ("'http://'", "DecodeError", '"http://" is not the URL of an image'),
        ("new Blob(['<svg xmlns=\"http://www.w3.org/2000/svg\"/>'])", "DecodeError", "SVG"),
        ("await probe.fetchBlob('/photos/photo.heic')", "DecodeError", "HEIC"),
    ],
)
def test_what_is_no_image_is_named(page: Page, host: Host, source: str, error: str, message: str) -> None:
    host.faults["photos/photo.heic"] = Fault(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    open_sources(page, host)
    for options in ("{}", "{ worker: false }"):
        script = f"async name => sources.answer(await probe.load(name, {options}), {source})"
        found = page.evaluate(script, MODEL)
        assert found["error"] == error
        assert message in found["message"]


def test_batch_takes_any_list_and_nothing_else(page: Page, host: Host) -> None:
    open_sources(page, host)
    found = page.evaluate(
        """async name => {
            const blob = await probe.fetchBlob("/photos/upright.jpg");
            const outcomes = [];
            for (const options of [{}, { worker: false }]) {
                const model = await probe.load(name, options);
                const data = new DataTransfer();
                data.items.add(new File([blob], "one.jpg"));
                data.items.add(new File([blob], "two.jpg"));
                const labels = await model.predictBatch(data.files).then(all => all.map(one => one.label));
                const single = await model.predictBatch(blob).catch(probe.describe);
                const nothing = await model.predictBatch(undefined).catch(probe.describe);
                outcomes.push({ labels, single, nothing });
            }
            return outcomes;
        }""",
        MODEL,
    )
    for outcome in found:
        assert len(outcome["labels"]) == 2
        assert outcome["single"]["error"] == outcome["nothing"]["error"] == "RangeError"
        assert "takes an array of images; found a Blob" in outcome["single"]["message"]


STREAM = """async ([name, worker]) => {
    const model = await probe.load(name, { worker });
    window.shown = document.createElement("img");
    document.body.append(shown);
    shown.src = "/stream.mjpeg";
    while (!shown.naturalWidth) await new Promise(resolve => setTimeout(resolve, 20));
    const started = performance.now();
    const { exact, inexact } = await model.predict(shown);
    shown.remove();
    return { exact, inexact, seconds: (performance.now() - started) / 1000 };
}"""


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "page"])
def test_stream_of_images_is_read_as_it_is_shown(page: Page, host: Host, worker: bool) -> None:
    """As a network camera sends them in one answer that never ends (MJPEG)."""
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
    assert found["seconds"] < 8, "it did not wait for the time limit of 10 s"


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
