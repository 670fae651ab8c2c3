"""Sample images of the page: drawn faces that are not in the training set."""

import io

from torch2web.demo.faces import LABELS, draw_face

_SEEDS = {
    "Bored": (3_000_013, 3_000_007),
    "Confused": (3_000_002, 3_000_005),
    "Focused": (3_000_003, 3_000_008),
    "Tired": (3_000_000, 3_000_006),
}
_SIZE = (480, 480)


def draw_samples() -> tuple[tuple[str, str, bytes], ...]:
    """Return file name, label and JPEG content of eight faces, two of each class."""
    return tuple(
        (f"{label.lower()}-{number}.jpg", label, _jpeg(label, seed))
        for number in (1, 2)
        for label in LABELS
        for seed in (_SEEDS[label][number - 1],)
    )


def _jpeg(label: str, seed: int) -> bytes:
    buffer = io.BytesIO()
    draw_face(label, seed, _SIZE).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
