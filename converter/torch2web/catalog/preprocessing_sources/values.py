"""Reads single values of the foreign descriptions. All functions raise PreprocessingError, naming `key`."""

from collections.abc import Iterable, Sequence
from typing import Any

from torch2web.errors import PreprocessingError

PILLOW_FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Names of Pillow's filters in the order of its `Image.Resampling` numbers."""


def filter_name(key: str, value: object) -> str:
    """The filter of a Pillow number, a name, or torchvision's InterpolationMode."""
    found = getattr(value, "value", value)
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < len(PILLOW_FILTERS):
        return PILLOW_FILTERS[found]
    name = str(found).lower()
    if name == "nearest-exact":  # the same on a PIL image
        return "nearest"
    if name in PILLOW_FILTERS:
        return name
    raise PreprocessingError(
        key, f"found the interpolation {found!r}, expected one of Pillow's: {PILLOW_FILTERS}"
    )


def numbers(key: str, value: object) -> tuple[float, ...]:
    """A number, or a list or tensor of numbers."""
    given: Any = value
    try:
        several = isinstance(given, Iterable) and not isinstance(given, str)
        return tuple(map(float, given)) if several else (float(given),)
    except (TypeError, ValueError) as error:
        raise PreprocessingError(key, f"found {value!r}, expected numbers") from error


def whole(key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise PreprocessingError(key, f"found {value!r}, expected a whole number of pixels")
    return value


def pair(key: str, value: object) -> tuple[int, int]:
    """Height and width, of which one number stands for both."""
    values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if len(values) not in (1, 2):
        raise PreprocessingError(key, f"found {value!r}, expected height and width")
    return whole(key, values[0]), whole(key, values[-1])
