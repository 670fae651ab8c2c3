"""From the bytes of a picture to an input tensor, by the preprocessing of the build, within limits."""

import time
import warnings
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from torch2web.errors import RequestError
from torch2web.images import Letterbox, Preprocessing, Resize, open_image, preprocess

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "ICO", "AVIF")
"""Pillow's names of the formats that are read: those of the loader. Others have parsers that run programs,
such as EPS, or that few pictures need."""


_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Picture:
    tensor: NDArray[np.float32]
    """[channels, height, width]"""
    width: int
    height: int
    """Of the file, as stored."""
    decode_ms: float
    preprocess_ms: float


def restrict_formats(max_pixels: int) -> None:
    """Leave this process's Pillow no other formats, and have it refuse larger pictures inside of others.

    The build's `open_image` names no formats, so what it may try is decided here.
    """
    Image.init()
    Image.ID[:] = [name for name in Image.ID if name in FORMATS]
    Image.MAX_IMAGE_PIXELS = max_pixels
    warnings.simplefilter("ignore")  # about odd files, by the thousand
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def read_picture(content: bytes, spec: Preprocessing, max_pixels: int) -> Picture:
    """Decode and preprocess. Raises RequestError: for too many pixels before anything is decoded."""
    started = time.perf_counter()
    width, height = _size_in_header(content, max_pixels)
    _require_pixels(width * height, f"found a picture of {width} × {height} pixels", max_pixels)
    for step_height, step_width in _resized_sizes(spec, height, width):
        found = (
            f"found a picture of {width} × {height} pixels, which is resized to {step_width} × {step_height}"
        )
        _require_pixels(step_height * step_width, found, max_pixels)
    try:
        image = open_image(BytesIO(content), spec)
        decoded = time.perf_counter()
        tensor = preprocess(image, spec)
    except _BOMBS as error:
        raise _too_many("found a picture with too many pixels", max_pixels) from error
    except Exception as error:  # Pillow's decoders raise any kind for damaged files
        raise RequestError(422, f"found a damaged picture: {_short(error)}") from error
    ended = time.perf_counter()
    return Picture(tensor, width, height, 1000 * (decoded - started), 1000 * (ended - decoded))


def _size_in_header(content: bytes, max_pixels: int) -> tuple[int, int]:
    if not content:
        raise RequestError(400, "found no bytes, expected a picture")
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            return image.size
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise RequestError(415, f"found no picture that can be read, expected one of {known}") from error
    except _BOMBS as error:
        raise _too_many("found a picture with too many pixels", max_pixels) from error
    except Exception as error:  # as above
        raise RequestError(422, f"found a damaged picture: {_short(error)}") from error


def _resized_sizes(spec: Preprocessing, height: int, width: int) -> list[tuple[int, int]]:
    """Sizes after each resize, of either orientation: a narrow strip may grow a thousand times."""
    sizes = []
    for stored in ((height, width), (width, height)):
        size = stored
        for step in spec.steps:
            if isinstance(step, Resize | Letterbox):
                size = step.resized(*size)
                sizes.append(size)
            size = step.size_after(size) or size
    return sizes


def _require_pixels(pixels: int, found: str, limit: int) -> None:
    if pixels > limit:
        raise _too_many(found, limit)


def _too_many(found: str, limit: int) -> RequestError:
    return RequestError(413, f"{found}, expected at most {limit / 1e6:g} million pixels")


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:200] + " …"
