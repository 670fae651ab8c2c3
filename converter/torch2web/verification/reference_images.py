"""Reference images of the verification: the catalogue's, and synthetic extremes."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from torch2web.catalog import ReferenceImage


def reference_images(drawn: Sequence[ReferenceImage]) -> tuple[ReferenceImage, ...]:
    """Return `drawn` followed by ten synthetic images: uniform colours, noise, a ramp and a checkerboard."""
    return (*drawn, *_extremes())


def _extremes() -> list[ReferenceImage]:
    random = np.random.Generator(np.random.PCG64(7))
    black = np.zeros((224, 224, 3), np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, 300).astype(np.uint8)[None, :, None], (200, 300, 3))
    checks = (np.indices((224, 224)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    images = {
        "black": black,
        "white": black + 255,
        "grey": black + 128,
        "red": black + np.array([255, 0, 0], np.uint8),
        "green": black + np.array([0, 255, 0], np.uint8),
        "blue": black + np.array([0, 0, 255], np.uint8),
        "noise": random.integers(0, 256, (224, 224, 3), np.uint8),
        "noise-large": random.integers(0, 256, (500, 700, 3), np.uint8),
        "ramp": ramp,
        "checks": checks,
    }
    return [ReferenceImage(name, Image.fromarray(pixels, "RGB")) for name, pixels in images.items()]
