"""Lossless WebP, which the loader decodes itself: Pillow's pixels, with bounded memory."""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.corpus.corpus_file import encoded
from tests.loader.test_typescript import FOLDER, run_node

MIB = 2**20
HUGE = bytes.fromhex(
    "5249464620000000574542505650384c14000000"  # a RIFF file of one VP8L chunk
    "2fc7f2b11ccd4544c42e22221011110000000000"  # 13,000 by 13,000 pixels of one colour, with three transforms
)


def decode(folder: Path, files: Sequence[bytes]) -> tuple[list[dict[str, Any]], int]:
    """The loader's result for each file, and the peak memory."""
    paths = [folder / f"{number}.webp" for number in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_bytes(content)
    result = run_node(FOLDER / "vp8l.ts", *paths)
    assert result.returncode == 0, result.stdout
    found = json.loads(result.stdout)
    return found["reports"], found["peak"]


def pillows(content: bytes) -> dict[str, Any]:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    opaque = image.copy()
    opaque.putalpha(255)
    return {"size": list(image.size), "sha256": hashlib.sha256(opaque.tobytes()).hexdigest()}


def photo(width: int, height: int, seed: int = 1) -> Image.Image:
    """Smooth colours with camera noise, and a smooth alpha channel."""
    random = np.random.Generator(np.random.PCG64(seed))
    small = random.integers(0, 256, (max(2, height // 20), max(2, width // 20), 4), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), np.float64)
    return Image.fromarray(np.clip(soft + random.normal(0, 1.5, soft.shape), 0, 255).astype(np.uint8))


def drawings() -> Iterator[Image.Image]:
    """Images that use each transform, palettes of every packing, long runs and long codes."""
    random = np.random.Generator(np.random.PCG64(2))
    for width, height in [(1, 1), (1, 40), (40, 1), (7, 9), (64, 48), (203, 101)]:
        yield photo(width, height)
        yield photo(width, height).convert("RGB")
        yield Image.fromarray(random.integers(0, 256, (height, width, 4), dtype=np.uint8))
        for colours in (1, 2, 3, 4, 5, 16, 17, 200):
            indices = random.integers(0, colours, (height, width)) ** 2 // colours
            palette = random.integers(0, 256, (colours, 4), dtype=np.uint8)
            yield Image.fromarray(palette[indices])
        rows = np.repeat(random.integers(0, 256, (height, 1, 4), dtype=np.uint8), width, axis=1)
        yield Image.fromarray(rows)


@pytest.mark.parametrize("method", range(7))
def test_pixels(tmp_path: Path, method: int) -> None:
    files = [
        encoded(image, "WEBP", lossless=True, exact=True, method=method, quality=quality)
        for image in drawings()
        for quality in (0, 75, 100)
    ]
    found, _ = decode(tmp_path, files)
    assert found == [pillows(content) for content in files]
    assert len(files) > 200


def test_small_file_of_a_huge_image(tmp_path: Path) -> None:
    """Little memory beyond the pixels."""
    ([report], peak) = decode(tmp_path, [HUGE])
    assert report["size"] == [13_000, 13_000]
    assert peak - 4 * 13_000**2 < 300 * MIB
