"""The drawn faces that models are judged on. No model was trained on them."""

from PIL import Image

from torch2web.demo.faces import LABELS, draw_face

_FIRST_SEED = 2_000_000
_SIZES = ((224, 224), (320, 240), (240, 427), (640, 480), (150, 150))
"""Width and height: the networks' own size, both orientations, a webcam's size, and one to enlarge."""


def reference_faces() -> tuple[tuple[str, Image.Image], ...]:
    """Name and RGB image of twenty faces: five in each of the four states."""
    return tuple(
        (f"{label.lower()}-{index}", draw_face(label, _FIRST_SEED + index, size))
        for label in LABELS
        for index, size in enumerate(_SIZES)
    )
