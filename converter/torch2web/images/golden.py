"""The golden input: a small batch generated from a seed, with the same bytes in Python and in the browser.

The loader's self-check runs it on the visitor's device and compares the result with PyTorch's recorded
logits. Pixels are generated in integer arithmetic, which is exact in both languages. TypeScript twin:
`web/loader/backends/golden.ts`.
"""

import numpy as np
from numpy.typing import NDArray

from torch2web.images.preprocessing import Preprocessing, normalise

BATCH = 2
_CELL = 28
_NOISE_BITS = 5


def golden_input(seed: int, spec: Preprocessing) -> NDArray[np.float32]:
    """Generate the golden input: float32, shape [BATCH, channels, height, width].

    Each image is a mosaic of 28-pixel cells of random colour plus low-amplitude noise, so that it
    contains edges, flat areas and texture. A grey network gets the red channel.
    """
    images = [golden_pixels(seed + index, *spec.size) for index in range(BATCH)]
    return np.stack([normalise(pixels[..., : spec.channels], spec) for pixels in images])


def golden_pixels(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """Generate the image of `seed`: uint8, shape [height, width, 3]."""
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    draws = _hash(seed, rows * columns * 3 + height * width * 3)
    cells = (draws[: rows * columns * 3] & 0xFF).reshape(rows, columns, 3)
    noise = draws[rows * columns * 3 :].reshape(height, width, 3) >> (32 - _NOISE_BITS)
    mosaic = cells.repeat(_CELL, axis=0).repeat(_CELL, axis=1)[:height, :width]
    pixels: NDArray[np.uint8] = (np.minimum(mosaic, 255 - (2**_NOISE_BITS - 1)) + noise).astype(np.uint8)
    return pixels


def _hash(seed: int, count: int) -> NDArray[np.uint32]:
    """`count` pseudo-random uint32 words: the 32-bit finaliser of MurmurHash3 over a counter."""
    x = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x
