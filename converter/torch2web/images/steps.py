"""What is done to a picture's shape on the way to a network's input, as torchvision's transforms mean it.

Only what the steps are and which size they lead to, in plain Python, so that a manifest can be checked where
there is neither NumPy nor Pillow; `preprocess.py` carries them out.
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
    """Height and width, or the length that the shorter side gets."""
    filter: str
    """Pillow's name of the filter, in lower case."""

    def size_after(self, _: Size | None) -> Size | None:
        return None if isinstance(self.size, int) else self.size

    def resized(self, height: int, width: int) -> Size:
        """What becomes of a picture of that size: the longer side is cut down to whole pixels."""
        if not isinstance(self.size, int):
            return self.size
        shorter, longer = sorted((height, width))
        other = int(self.size * longer / shorter)
        return (other, self.size) if width <= height else (self.size, other)


@dataclass(frozen=True)
class CenterCrop:
    """torchvision's `CenterCrop(size)`: where the picture is too small, black around it."""

    size: Size

    def size_after(self, _: Size | None) -> Size | None:
        return self.size


@dataclass(frozen=True)
class Pad:
    """torchvision's `Pad(padding, fill, padding_mode)`."""

    padding: tuple[int, int, int, int]
    """Pixels at the left, the top, the right and the bottom."""
    fill: tuple[int, int, int] = (0, 0, 0)
    """Red, green and blue of what is around a picture in the mode `constant`."""
    mode: str = "constant"
    """`constant`, `edge`, `reflect` or `symmetric`, as NumPy's `pad` has them."""

    def size_after(self, before: Size | None) -> Size | None:
        if before is None:
            return None
        left, top, right, bottom = self.padding
        return before[0] + top + bottom, before[1] + left + right


Step = Resize | CenterCrop | Pad

_NAMES: Mapping[str, type[Step]] = {"resize": Resize, "center_crop": CenterCrop, "pad": Pad}


def read_steps(entries: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Steps from the form in which the catalogue and the manifest have them, checked by their schemas.

    As in torchvision, a crop's `size` may be one number for a square, `padding` one for all sides or two, for
    left and right and for top and bottom, and `fill` one grey.
    """
    return tuple(_read_step(entry) for entry in entries)


def step_as_dict(step: Step) -> dict[str, Any]:
    """The form in which the manifest has it."""
    name = next(name for name, kind in _NAMES.items() if isinstance(step, kind))
    fields = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(step).items()}
    return {"op": name, **fields}


def size_after(steps: Sequence[Step]) -> Size | None:
    """Height and width after `steps`, whatever the picture; None where that depends on the picture."""
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
