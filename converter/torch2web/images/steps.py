"""Geometric preprocessing steps (resize, crop, pad) with torchvision's semantics.

Describes the steps and computes the resulting sizes in plain Python, so that a manifest can be checked
without NumPy and Pillow; `preprocessing.py` applies them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True)
class Resize:
    """torchvision's `Resize(size, interpolation=filter)` on a PIL image, which always antialiases."""

    size: int | Size
    """Height and width in pixels, or the length of the shorter side, which keeps the aspect ratio."""
    filter: str
    """Name of Pillow's resampling filter, in lower case."""

    def size_after(self, _: Size | None) -> Size | None:
        return None if isinstance(self.size, int) else self.size

    def resized(self, height: int, width: int) -> Size:
        """Height and width after resizing such an image; the longer side is truncated to whole pixels."""
        if not isinstance(self.size, int):
            return self.size
        shorter, longer = sorted((height, width))
        other = int(self.size * longer / shorter)
        return (other, self.size) if width <= height else (self.size, other)


@dataclass(frozen=True)
class CenterCrop:
    """torchvision's `CenterCrop(size)`; images smaller than `size` are padded with black."""

    size: Size

    def size_after(self, _: Size | None) -> Size | None:
        return self.size


@dataclass(frozen=True)
class Pad:
    """torchvision's `Pad(padding, fill, padding_mode)`."""

    padding: tuple[int, int, int, int]
    """Left, top, right and bottom, in pixels."""
    fill: tuple[int, int, int] = (0, 0, 0)
    """RGB colour of the padding in mode `constant`."""
    mode: str = "constant"
    """`constant`, `edge`, `reflect` or `symmetric`, as in `numpy.pad`."""

    def size_after(self, before: Size | None) -> Size | None:
        if before is None:
            return None
        left, top, right, bottom = self.padding
        return before[0] + top + bottom, before[1] + left + right


Step = Resize | CenterCrop | Pad

_NAMES: Mapping[str, type[Step]] = {"resize": Resize, "center_crop": CenterCrop, "pad": Pad}


def read_steps(entries: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Parse `steps` of a catalogue or manifest, which its schema has accepted.

    Shorthands as in torchvision: `size` of a crop may be one number (a square), `padding` one number (all
    sides) or two (left and right, top and bottom), `fill` one number (a grey).
    """
    return tuple(_read_step(entry) for entry in entries)


def step_as_dict(step: Step) -> dict[str, Any]:
    """Return the step as an entry of `steps` in the manifest."""
    name = next(name for name, kind in _NAMES.items() if isinstance(step, kind))
    fields = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(step).items()}
    return {"op": name, **fields}


def size_after(steps: Sequence[Step]) -> Size | None:
    """Height and width after `steps`; None if they depend on the image."""
    size: Size | None = None
    for step in steps:
        size = step.size_after(size)
    return size


def _read_step(entry: Mapping[str, Any]) -> Step:
    if entry["op"] == "resize":
        size = entry["size"]
        return Resize(size if isinstance(size, int) else (size[0], size[1]), entry["filter"])
    if entry["op"] == "center_crop":
        height, width = _spread(entry["size"], 2)
        return CenterCrop((height, width))
    padding = _spread(entry["padding"], 2)
    left, top, right, bottom = padding * 2 if len(padding) == 2 else padding
    red, green, blue = _spread(entry.get("fill", 0), 3)
    return Pad((left, top, right, bottom), (red, green, blue), entry.get("mode", "constant"))


def _spread(value: int | Sequence[int], count: int) -> tuple[int, ...]:
    return (value,) * count if isinstance(value, int) else tuple(value)
