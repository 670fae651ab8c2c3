"""JPEG files: what Pillow's encoder can write, and what takes a few changed bytes afterwards."""

import io
import struct
from typing import Any

import numpy as np
from PIL import Image, ImageCms


def picture(width: int, height: int, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """Smooth colours under noise, which every step of a codec leaves traces in."""
    random = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[0:height, 0:width]
    channels = len(Image.new(mode, (1, 1)).getbands())
    waves = [np.sin(x / (7 + 3 * c) + c) + np.cos(y / (5 + 2 * c)) for c in range(channels)]
    pixels = 128 + 50 * np.stack(waves, axis=-1) + random.normal(0, 14, (height, width, channels))
    levels = np.clip(pixels, 0, 255).astype(np.uint8)
    return Image.fromarray(levels[..., 0] if channels == 1 else levels, mode)


def jpeg(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **{"quality": 85, **options})
    return buffer.getvalue()


def with_exif_orientation(image: Image.Image, orientation: int, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return jpeg(image, exif=exif, **options)


def profile() -> bytes:
    """A colour profile that moves every colour: sRGB's primaries under another curve."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes())
    content[24:36] = bytes(12)  # when it was made
    return bytes(content)


def upright(content: bytes) -> bytes:
    """4:4:0 out of 4:2:2: the luminance's sampling factors swapped in the frame header.

    The picture's blocks land in other places; every block is still read, so it is a valid picture.
    """
    return _patch_sampling(content, lambda factors: (factors & 15) << 4 | factors >> 4)


def _patch_sampling(content: bytes, change: Any) -> bytes:
    changed = bytearray(content)
    at = content.index(b"\xff\xc0")
    first_component = at + 10
    changed[first_component + 1] = change(changed[first_component + 1])
    return bytes(changed)


def without_end(content: bytes) -> bytes:
    """The file cut in the middle of its picture."""
    return content[: len(content) * 2 // 3]


def ycck(content: bytes) -> bytes:
    """A CMYK file whose Adobe marker says YCCK (transform 2)."""
    at = content.index(b"Adobe")
    return content[: at + 11] + b"\x02" + content[at + 12 :]


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segment(content: bytes, marker: int, inner: bytes) -> bytes:
    """`content` with one more segment right behind its start."""
    return content[:2] + segment(marker, inner) + content[2:]
