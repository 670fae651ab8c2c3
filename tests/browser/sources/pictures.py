"""Images of every kind, Python's results for them, and the page that loads them."""

import hashlib
import io
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Host
from torch2web.images.preprocessing import Preprocessing, open_rgb, preprocess
from torch2web.images.steps import Resize

MODEL = "mobilenet_emotion"
SPEC = Preprocessing((Resize((224, 224), "bilinear"),), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
ORIENTATION_TAG = 0x0112

CORS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def drawn(width: int, height: int, seed: int = 0) -> Image.Image:
    """An image in which every row and every direction differs."""
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


def ask(page: Page, host: Host, *arguments: object) -> Any:
    """The loader's results by image and kind of source."""
    open_sources(page, host)
    return page.evaluate("args => sources.answers(...args)", list(arguments))


def open_sources(page: Page, host: Host) -> None:
    """Open a page without a policy, with this folder's harness."""
    open_harness(page, host, "open.html")
    page.evaluate("import('/harness/sources.js').then(module => { window.sources = module; })")
