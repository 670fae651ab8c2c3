"""The pictures that every model is judged on: drawn faces, and extremes that faces never reach."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from converter.demo.faces import LABELS, draw_face

_FIRST_SEED = 2_000_000
_SIZES = ((224, 224), (320, 240), (240, 427), (640, 480), (150, 150))
"""Width and height of the drawn faces: as is, both orientations, a webcam's, and one to enlarge."""


@dataclass(frozen=True)
class ReferenceImage:
    name: str
    picture: Image.Image
    """RGB"""


def reference_images() -> tuple[ReferenceImage, ...]:
    """Thirty pictures: five faces in each of the four states, then ten extremes."""
    faces = [
        ReferenceImage(f"{label.lower()}-{index}", draw_face(label, _FIRST_SEED + index, size))
        for label in LABELS
        for index, size in enumerate(_SIZES)
    ]
    return (*faces, *_extremes())


def _extremes() -> list[ReferenceImage]:
    random = np.random.Generator(np.random.PCG64(7))
    black = np.zeros((224, 224, 3), np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, 300).astype(np.uint8)[None, :, None], (200, 300, 3))
    checks = (np.indices((224, 224)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    pictures = {
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
    return [ReferenceImage(name, Image.fromarray(pixels, "RGB")) for name, pixels in pictures.items()]
