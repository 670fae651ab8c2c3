"""From an image file to the input tensor: the loader in the page beside Pillow and NumPy, interleaved."""

import hashlib
import io
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from bench.preprocess import SPEC
from bench.site import harness_page
from tests.browser.expected import photograph_files
from torch2web.cli.terminal.console import Output
from torch2web.images.preprocessing import open_rgb, preprocess

ROUNDS = 9

OWN_DECODERS: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": 3},
    "BMP": {},
    "WEBP lossless": {"lossless": True},
}
"""Formats that the loader decodes itself, beside GIF: at most 3 times Pillow's time is wanted."""

IN_PAGE = """async (index) => {
    const model = await probe.load("mobilenet_emotion");
    window.files ??= {};
    const blob = window.files[index] ??= await probe.fetchBlob(`/bench/${index}`);
    const started = performance.now();
    const tensor = await model.preprocess(blob);
    return [performance.now() - started, await probe.sha256(tensor)];
}"""


@dataclass(frozen=True)
class _File:
    name: str
    wanted: str
    """Most milliseconds that are wanted, where a figure was set."""
    content: bytes


def measure_pictures(output: Output) -> None:
    """Minimum and median for each file, interleaved; the tensors are compared too."""
    files = list(_files())
    times: list[tuple[list[float], list[float]]] = [([], []) for _ in files]
    with harness_page("mobilenet_emotion") as page:
        page.route("**/bench/*", lambda route: route.fulfill(body=files[_index(route.request.url)].content))
        for _ in range(ROUNDS):
            for index, (file, (browser, python)) in enumerate(zip(files, times, strict=True)):
                milliseconds, digest = page.evaluate(IN_PAGE, index)
                browser.append(milliseconds)
                started = time.perf_counter()
                tensor = preprocess(open_rgb(io.BytesIO(file.content)), SPEC)
                python.append(1000 * (time.perf_counter() - started))
                if digest != hashlib.sha256(tensor.tobytes()).hexdigest():
                    raise SystemExit(f"{file.name}: the page's tensor is not Python's")
    rows = [
        (
            file.name,
            f"{len(file.content) / 2**20:.1f} MiB",
            f"{min(browser):.0f}",
            f"{statistics.median(browser):.0f}",
            file.wanted,
            f"{min(python):.0f}",
            f"{statistics.median(python):.0f}",
            f"{min(browser) / min(python):.1f}",
        )
        for file, (browser, python) in zip(files, times, strict=True)
    ]
    headings = (
        "file to tensor, ms",
        "size",
        "page min",
        "median",
        "wanted",
        "Python min",
        "median",
        "ratio of minima",
    )
    output.table(headings, rows)


def _index(url: str) -> int:
    return int(url.rpartition("/")[2])


def _files() -> Iterator[_File]:
    for (width, height), wanted in {(640, 480): "", (1920, 1080): "30", (4000, 3000): "250"}.items():
        picture = _photograph(width, height)
        yield _File(f"JPEG {width} × {height}", wanted, _encoded(picture, "JPEG", quality=90))
    picture = _photograph(1920, 1080)
    for kind, options in OWN_DECODERS.items():
        yield _File(f"{kind} 1920 × 1080", "", _encoded(picture, kind.split()[0], **options))
    yield _File("GIF 1920 × 1080", "", _encoded(picture.quantize(200), "GIF"))
    picture.putalpha(128)
    yield _File("PNG with alpha 1920 × 1080", "", _encoded(picture, "PNG", compress_level=3))
    yield _File("WebP with alpha 1920 × 1080", "", _encoded(picture, "WEBP", lossless=True))


def _photograph(width: int, height: int) -> Image.Image:
    """An enlarged photograph with camera noise, as expensive to decode as a real one."""
    with Image.open(photograph_files()["astronaut.png"]) as image:
        large = np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC), np.float32)
    noise = np.random.Generator(np.random.PCG64(1)).normal(0, 4, large.shape)
    return Image.fromarray(np.clip(large + noise, 0, 255).astype(np.uint8))


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
