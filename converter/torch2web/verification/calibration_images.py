"""Pictures on which weights are rounded: of the kinds of the reference images, and none of them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from torch2web.catalog import ReferenceImage
from torch2web.verification.neutral_images import neutral_images

_SEED = 12
_SEARCH_SEED = 13


def calibration_images(drawn: Sequence[ReferenceImage]) -> tuple[ReferenceImage, ...]:
    """`drawn`, or neutral pictures where there are none, followed by a few uniform ones and noise."""
    return (*(drawn or neutral_images(_SEED)), *_extremes("calibration", _SEED, (60, 200)))


def search_images(drawn: Sequence[ReferenceImage]) -> tuple[ReferenceImage, ...]:
    """The same with others, on which it is searched how coarsely weights may be rounded."""
    return (*(drawn or neutral_images(_SEARCH_SEED)), *_extremes("search", _SEARCH_SEED, (30, 230)))


def _extremes(name: str, seed: int, greys: tuple[int, int]) -> list[ReferenceImage]:
    random = np.random.Generator(np.random.PCG64(seed))
    shape = (224, 224, 3)
    images = {
        f"{name}-dark": np.full(shape, greys[0], np.uint8),
        f"{name}-light": np.full(shape, greys[1], np.uint8),
        f"{name}-colour": np.broadcast_to(random.integers(0, 256, 3, np.uint8), shape),
        f"{name}-noise": random.integers(0, 256, shape, np.uint8),
    }
    return [ReferenceImage(name, Image.fromarray(pixels, "RGB")) for name, pixels in images.items()]
