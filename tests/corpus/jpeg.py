"""JPEG files: written by Pillow's encoder, some with bytes changed afterwards."""

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageCms


def picture(width: int, height: int, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """Smooth colours with noise, so that every step of a codec changes pixels."""
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
    """A colour profile that changes every colour: sRGB's primaries with another tone curve."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes())
    content[24:36] = bytes(12)  # when it was made
    return bytes(content)


def upright(content: bytes) -> bytes:
    """4:4:0 from 4:2:2: swap the luminance's sampling factors in the frame header.

    The blocks change position; every block is still read, so the image is valid.
    """
    return _patch_sampling(content, lambda factors: (factors & 15) << 4 | factors >> 4)


def _patch_sampling(content: bytes, change: Any) -> bytes:
    changed = bytearray(content)
    at = content.index(b"\xff\xc0")
    first_component = at + 10
    changed[first_component + 1] = change(changed[first_component + 1])
    return bytes(changed)


def without_end(content: bytes) -> bytes:
    """The file truncated in the middle of its image data."""
    return content[: len(content) * 2 // 3]


def ycck(content: bytes) -> bytes:
    """A CMYK file whose Adobe marker says YCCK (transform 2)."""
    at = content.index(b"Adobe")
    return content[: at + 11] + b"\x02" + content[at + 12 :]


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segment(content: bytes, marker: int, inner: bytes) -> bytes:
    """`content` with one more segment after the start marker."""
    return content[:2] + segment(marker, inner) + content[2:]


def without_adobe(content: bytes) -> bytes:
    """Without the Adobe marker, which declares the colour transform."""
    at = content.index(b"\xff\xee")
    return content[:at] + content[at + 2 + struct.unpack_from(">H", content, at + 2)[0] :]


def resampled(content: bytes, factors: Sequence[int], width: int, height: int) -> bytes:
    """Change size and sampling factors in the header to others with the same number of blocks.

    Blocks change position and component. In CMYK all components use the same tables, so the image is valid,
    of a kind that Pillow does not write.
    """
    changed = bytearray(content)
    at = next(
        content.index(bytes([0xFF, marker])) for marker in (0xC0, 0xC2) if bytes([0xFF, marker]) in content
    )
    changed[at + 5 : at + 9] = struct.pack(">HH", height, width)
    for number, factor in enumerate(factors):
        changed[at + 11 + 3 * number] = factor
    return bytes(changed)


def with_thumbnail(content: bytes, thumbnail: bytes) -> bytes:
    """With Exif data that contain a JPEG thumbnail (CIPA DC-008, section 4.5.8)."""
    tags = ((0x0103, 3, 1, 6), (0x0201, 4, 1, 8 + 2 + 4 + 2 + 36 + 4), (0x0202, 4, 1, len(thumbnail)))
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<HI", 0, 14)
    tiff += struct.pack("<H", len(tags)) + directory + bytes(4) + thumbnail
    return with_segment(content, 0xE1, b"Exif\0\0" + tiff)
