"""All kinds of image sources of a page, and values that are not images."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Host, Hosting
from torch2web.images.preprocessing import Preprocessing, open_rgb, preprocess
from torch2web.images.steps import Resize

MODEL = "mobilenet_emotion"
SPEC = Preprocessing((Resize((224, 224), "bilinear"),), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.fixture
def host(small_site: Path, host_of: Hosting, pictures: dict[str, Path]) -> Host:
    host = host_of(small_site)
    host.extras = {f"pictures/{name}": path for name, path in pictures.items()}
    return host


def digest_of(image: Image.Image) -> str:
    return hashlib.sha256(preprocess(image, SPEC).tobytes()).hexdigest()


def test_every_kind_of_source_gives_the_same_tensor(
    page: Page, host: Host, pictures: dict[str, Path]
) -> None:
    open_harness(page, host)
    tensors = page.evaluate("args => probe.sources(...args)", [MODEL, "/pictures/focused-1.png"])
    assert len(tensors) == 8
    expected = digest_of(open_rgb(pictures["focused-1.png"]))
    assert tensors == dict.fromkeys(tensors, expected)


def test_video_answers_once_it_has_a_frame(page: Page, host: Host) -> None:
    open_harness(page, host)
    result = page.evaluate("args => probe.videoLabel(...args)", [MODEL, "/pictures/tired-3.png"])
    assert result["empty"]["error"] == "DecodeError"
    assert "no frame yet" in result["empty"]["message"]
    assert result["label"] == "Tired"


def synthetic(width: int, height: int) -> Image.Image:
    """The same image as the harness makes."""
    index = np.arange(width * height * 3, dtype=np.uint32)
    words = (index ^ (index >> np.uint32(7))) * np.uint32(2654435761)
    pixels = ((words >> np.uint32(13)) & 255).astype(np.uint8)
    return Image.fromarray(pixels.reshape(height, width, 3), "RGB")


def test_resize_is_pillows_at_every_size_and_aspect(page: Page, host: Host) -> None:
    random = np.random.Generator(np.random.PCG64(5))
    sizes: list[tuple[int, int]] = [(1, 1), (1, 600), (600, 1), (224, 224), (224, 500), (500, 224)]
    sizes += [(223, 225), (448, 448), (1280, 720), (720, 1280), (2, 3), (673, 1121), (674, 1121)]
    # Around the limit above which Pillow runs its vertical pass first: h - 224 > 2 (w - 224).
    sizes += [(300, 376), (300, 377), (300, 375), (224, 225), (100, 225), (100, 224), (225, 227), (225, 226)]
    sizes += [tuple(random.integers(1, 900, 2).tolist()) for _ in range(60)]
    open_harness(page, host)
    found: Sequence[str] = page.evaluate("args => probe.resizeTable(...args)", [MODEL, sizes])
    wrong = [size for size, tensor in zip(sizes, found, strict=True) if tensor != digest_of(synthetic(*size))]
    assert wrong == []


def decode_error(page: Page, source: str) -> dict[str, Any]:
    result: dict[str, Any] = page.evaluate(
        f"async name => (await probe.load(name)).predict({source}).catch(probe.describe)", MODEL
    )
    return result


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("new Blob([])", "empty (0 bytes)"),
        ("new Blob(['this is no picture'])", "not an image that can be read here"),
        ("new Blob([new Uint8Array(5000)], {type: 'image/jpeg'})", "5000 bytes of type image/jpeg"),
        ("new Image()", "has no image"),
        ("null", "Found a Null, which is not an image"),
        ("document.body", "is not an image"),
        ("new OffscreenCanvas(0, 10)", "empty (0 × 0 pixels)"),
        ("document.createElement('video')", "no frame yet"),
    ],
)
def test_values_that_are_no_image(page: Page, host: Host, source: str, message: str) -> None:
    open_harness(page, host)
    result = decode_error(page, source)
    assert result["error"] == "DecodeError"
    assert message in result["message"]


def test_truncated_picture_is_refused_as_pillow_does(
    page: Page, host: Host, pictures: dict[str, Path], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.png"
    cut.write_bytes(pictures["astronaut.png"].read_bytes()[:3000])
    with pytest.raises(OSError, match=r"(?i)truncated"):
        open_rgb(cut)
    host.extras["pictures/cut.png"] = cut
    open_harness(page, host)
    assert decode_error(page, "await probe.fetchBlob('/pictures/cut.png')")["error"] == "DecodeError"


def test_one_pixel_picture_works(page: Page, host: Host, tmp_path: Path) -> None:
    path = tmp_path / "pixel.png"
    Image.new("RGB", (1, 1), (200, 30, 90)).save(path)
    host.extras["pictures/pixel.png"] = path
    open_harness(page, host)
    result = page.evaluate("args => probe.compare(...args)", [MODEL, ["/pictures/pixel.png"]])
    assert result["/pictures/pixel.png"]["tensor"] == digest_of(open_rgb(path))
