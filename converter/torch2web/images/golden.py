"""The golden input: a small batch that Python and the browser both make from one seed.

The loader runs it on the visitor's device and compares with PyTorch's recorded logits. Integers all
the way to the pixels, so that both sides get the same bytes: the twin of this module is
`web/loader/backends/golden.ts`.
"""

import numpy as np
from numpy.typing import NDArray

from torch2web.images.preprocessing import Preprocessing, normalise

BATCH = 2
_CELL = 28
_NOISE_BITS = 5


def golden_input(seed: int, spec: Preprocessing) -> NDArray[np.float32]:
    """The golden input: float32, shape [BATCH, 3, height, width].

    Each picture is a mosaic of 28-pixel cells of random colour under a little noise, so that it
    holds edges, flat areas and texture.
    """
    pictures = [golden_pixels(seed + index, *spec.size) for index in range(BATCH)]
    return np.stack([normalise(pixels, spec) for pixels in pictures])


def golden_pixels(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """Picture number `seed`: uint8, shape [height, width, 3]."""
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    draws = _hash(seed, rows * columns * 3 + height * width * 3)
    cells = (draws[: rows * columns * 3] & 0xFF).reshape(rows, columns, 3)
    noise = draws[rows * columns * 3 :].reshape(height, width, 3) >> (32 - _NOISE_BITS)
    mosaic = cells.repeat(_CELL, axis=0).repeat(_CELL, axis=1)[:height, :width]
    pixels: NDArray[np.uint8] = (np.minimum(mosaic, 255 - (2**_NOISE_BITS - 1)) + noise).astype(np.uint8)
    return pixels


def _hash(seed: int, count: int) -> NDArray[np.uint32]:
    """`count` words: the 32-bit finaliser of MurmurHash3 over a counter."""
    x = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x
