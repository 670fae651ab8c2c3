"""`exact` is true only for Pillow's pixels: every kind of source and image, against Python."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.server import Host
from tests.browser.sources.pictures import (
    MODEL,
    OF_FILES,
    ORIENTATION_TAG,
    PICTURES,
    ask,
    drawn,
    encoded,
    open_sources,
    tensor_of,
)


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
        # Its colours were multiplied by alpha, but the values in ImageData count as exact.
        return bool(answer["exact"]) == ("ImageData" in kind)
    exif = Image.open(io.BytesIO(content)).getexif().get(ORIENTATION_TAG, 1)
    # A canvas or frame has the browser's orientation: upright, except that Chromium shows WebP as stored.
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
    """No prediction where a part of the photo cannot be decoded, nor of a canvas that was cleared."""
    page.add_init_script(
        """const original = createImageBitmap;
        globalThis.createImageBitmap = async () => original(new ImageData(90, 60));"""
    )
    found = ask(page, host, MODEL, ["/photos/upright.jpg"], ["blob", "ImageBitmap"], {"worker": False}, {})
    answers = found["/photos/upright.jpg"]
    assert answers["blob"]["error"] == answers["ImageBitmap"]["error"] == "DecodeError"
    assert "cannot decode an image of 90 × 60 pixels" in answers["blob"]["message"]
    assert "transparent everywhere" in answers["ImageBitmap"]["message"]


def test_values_of_other_colour_spaces_are_converted(page: Page, host: Host) -> None:
    """ImageData in another colour space or in floating point is converted as by a canvas."""
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
def test_randomised_pixels_are_refused_and_low_bits_reported(page: Page, host: Host, kind: str) -> None:
    for most, outcome in ((1, "alters what pages read back"), (0xF0, "noise instead of an image's pixels")):
        page.add_init_script(f"({ALTERED})({most})")
        photos = ["/photos/upright.jpg"]
        answer = ask(page, host, MODEL, photos, [kind], {"worker": False}, {})[photos[0]][kind]
        assert answer.get("exact", False) is False
        assert outcome in answer.get("message", answer.get("inexact", ""))
