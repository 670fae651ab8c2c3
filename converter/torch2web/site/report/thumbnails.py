"""Small copies of the reference pictures, in one image that a report carries inside."""

import base64
import hashlib
import io
from collections.abc import Sequence
from typing import Any

from PIL import Image

SIZE = 64
"""Pixels of a side."""

COLUMNS = 10

_QUALITY = 80


def make_thumbnails(images: Sequence[Image.Image]) -> dict[str, Any]:
    """One JPEG with a cell for each image, row by row, as Base64 with its layout."""
    rows = -(-len(images) // COLUMNS)
    sheet = Image.new("RGB", (SIZE * min(len(images), COLUMNS), SIZE * rows), (128, 128, 128))
    for number, image in enumerate(images):
        small = image.convert("RGB")
        # Each cell is the middle square: pictures of several shapes then stand in one grid.
        side = min(small.size)
        left, top = (small.width - side) // 2, (small.height - side) // 2
        box = (left, top, left + side, top + side)
        cell = small.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box)
        sheet.paste(cell, (number % COLUMNS * SIZE, number // COLUMNS * SIZE))
    buffer = io.BytesIO()
    if images:
        sheet.save(buffer, "JPEG", quality=_QUALITY)
    return {"size": SIZE, "columns": COLUMNS, "jpeg": base64.b64encode(buffer.getvalue()).decode()}


def pixels_sha256(image: Image.Image) -> str:
    """SHA-256 of size and pixels: whether a picture drawn again is the one that a model was verified on."""
    pixels = image.convert("RGB")
    return hashlib.sha256(f"{pixels.width}x{pixels.height}\0".encode() + pixels.tobytes()).hexdigest()
