"""Reference images, and images of calibration and search: drawn faces that are not in the training set."""

from PIL import Image

from torch2web.demo.faces import LABELS, draw_face

_FIRST_SEED = 2_000_000
_FIRST_CALIBRATION_SEED = 2_500_000
_FIRST_SEARCH_SEED = 2_600_000
_SECOND_SEARCH_SEED = 2_700_000
_SIZES = ((224, 224), (320, 240), (240, 427), (640, 480), (150, 150))
"""Width and height: the networks' input size, landscape, portrait, a webcam frame, and one to upsample."""


def reference_faces() -> tuple[tuple[str, Image.Image], ...]:
    """Return name and RGB image of twenty faces, five of each class."""
    return _faces("", _FIRST_SEED)


def calibration_faces() -> tuple[tuple[str, Image.Image], ...]:
    """Return name and RGB image of twenty other faces, five of each class."""
    return _faces("calibration-", _FIRST_CALIBRATION_SEED)


def search_faces() -> tuple[tuple[str, Image.Image], ...]:
    """Return name and RGB image of forty others again, ten of each class.

    They are more than the others, because the largest change among few pictures says little about that
    among other pictures.
    """
    return (*_faces("search-", _FIRST_SEARCH_SEED), *_faces("search-too-", _SECOND_SEARCH_SEED))


def _faces(prefix: str, first_seed: int) -> tuple[tuple[str, Image.Image], ...]:
    return tuple(
        (f"{prefix}{label.lower()}-{index}", draw_face(label, first_seed + index, size))
        for label in LABELS
        for index, size in enumerate(_SIZES)
    )
