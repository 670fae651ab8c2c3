"""Pictures on which weights are rounded: of the kinds of the reference images, and none of them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from torch2web.catalog import ReferenceImage
from torch2web.verification.neutral_images import neutral_images

EXTREMES = 10
"""The last of the pictures are uniform, noise, a ramp and checks."""

_SEED = 12
_SEARCH_SEED = 13


def calibration_images(drawn: Sequence[ReferenceImage]) -> tuple[ReferenceImage, ...]:
    """`drawn`, or neutral pictures where there are none, and extremes: uniform, noise, ramp and checks."""
    return (*(drawn or neutral_images(_SEED)), *_extremes("calibration", _SEED, 20))


def search_images(drawn: Sequence[ReferenceImage]) -> tuple[ReferenceImage, ...]:
    """The same with others, on which it is searched how coarsely weights may be rounded."""
    return (*(drawn or neutral_images(_SEARCH_SEED)), *_extremes("search", _SEARCH_SEED, 35))


def _extremes(name: str, seed: int, dark: int) -> list[ReferenceImage]:
    """Of the kinds of the reference run's, between the levels `dark` and 255 - `dark`."""
    random = np.random.Generator(np.random.PCG64(seed))
    shape, light = (224, 224, 3), 255 - dark
    ramp = np.linspace(light, dark, 224).astype(np.uint8)[:, None, None]
    checks = (np.indices((224, 224)).sum(axis=0) % 2)[..., None]
    pixels = {
        "dark": np.full(shape, dark, np.uint8),
        "light": np.full(shape, light, np.uint8),
        "colour": np.broadcast_to(random.integers(0, 256, 3, np.uint8), shape),
        "red": np.broadcast_to(np.array([light, dark, dark], np.uint8), shape),
        "green": np.broadcast_to(np.array([dark, light, dark], np.uint8), shape),
        "blue": np.broadcast_to(np.array([dark, dark, light], np.uint8), shape),
        "noise": random.integers(0, 256, shape, np.uint8),
        "noise-large": random.integers(0, 256, (420, 560, 3), np.uint8),
        "ramp": np.broadcast_to(ramp, shape),
        "checks": np.broadcast_to(np.where(checks, dark, light).astype(np.uint8), shape),
    }
    return [
        ReferenceImage(f"{name}-{kind}", Image.fromarray(np.ascontiguousarray(values), "RGB"))
        for kind, values in pixels.items()
    ]
