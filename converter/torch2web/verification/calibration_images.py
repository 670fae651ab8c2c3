"""Pictures on which weights are rounded: of the kinds of the reference images, and none of them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from torch2web.catalog import ReferenceImage
from torch2web.verification.neutral_images import neutral_images

_SEED = 12


def calibration_images(drawn: Sequence[ReferenceImage]) -> tuple[ReferenceImage, ...]:
    """`drawn`, or neutral pictures where there are none, followed by a few uniform ones and noise."""
    return (*(drawn or neutral_images(_SEED)), *_extremes())


def _extremes() -> list[ReferenceImage]:
    random = np.random.Generator(np.random.PCG64(_SEED))
    shape = (224, 224, 3)
    images = {
        "calibration-dark": np.full(shape, 60, np.uint8),
        "calibration-light": np.full(shape, 200, np.uint8),
        "calibration-colour": np.broadcast_to(random.integers(0, 256, 3, np.uint8), shape),
        "calibration-noise": random.integers(0, 256, shape, np.uint8),
    }
    return [ReferenceImage(name, Image.fromarray(pixels, "RGB")) for name, pixels in images.items()]
