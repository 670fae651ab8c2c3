"""Geometric preprocessing steps (resize, crop, pad, letterbox) and the conversion to grey.

Describes the steps and computes the resulting sizes in plain Python, so that a manifest can be checked
without NumPy and Pillow; `preprocessing.py` applies them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch2web.errors import PreprocessingError

Size = tuple[int, int]
"""Height and width in pixels."""

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255; of a grey image all three are equal."""


@dataclass(frozen=True)
class Resize:
    """torchvision's `Resize(size, filter, max_size)` on a PIL image, which always antialiases."""

    size: int | Size
    """Height and width in pixels, or the length of the shorter side, which keeps the aspect ratio."""
    filter: str
    """Name of Pillow's resampling filter, in lower case."""
    max_size: int | None = None
    """Upper bound of the longer side, where `size` is that of the shorter one."""
    fit: str | None = None
    """Keeps the aspect ratio where `size` is height and width: `contain` resizes into them, `cover` over
    them, as timm's `ResizeKeepRatio(size, longest=1)` and `longest=0`. None resizes to just them."""

    def __post_init__(self) -> None:
        if self.max_size is not None:
            if not isinstance(self.size, int):
                raise PreprocessingError("steps", "max_size requires a resize of the shorter side: one size")
            if self.max_size <= self.size:
                problem = f"found max_size {self.max_size}, expected more than size {self.size}"
                raise PreprocessingError("steps", problem)
        if self.fit is not None and isinstance(self.size, int):
            raise PreprocessingError("steps", "fit requires a size of height and width")

    def size_after(self, _: Size | None) -> Size | None:
        return None if isinstance(self.size, int) or self.fit else self.size

    def resized(self, height: int, width: int) -> Size:
        """Height and width after resizing such an image, at least one pixel each.

        The longer side is truncated to whole pixels; `fit` rounds half to even.
        """
        if self.fit is not None:
            assert not isinstance(self.size, int)  # checked by __post_init__
            ratios = height / self.size[0], width / self.size[1]
            ratio = max(ratios) if self.fit == "contain" else min(ratios)
            return max(1, round(height / ratio)), max(1, round(width / ratio))
        if not isinstance(self.size, int):
            return self.size
        shorter, longer = sorted((height, width))
        new_shorter, new_longer = self.size, int(self.size * longer / shorter)
        if self.max_size is not None and new_longer > self.max_size:
            new_shorter, new_longer = max(1, int(self.max_size * new_shorter / new_longer)), self.max_size
        return (new_longer, new_shorter) if width <= height else (new_shorter, new_longer)


@dataclass(frozen=True)
class CenterCrop:
    """torchvision's `CenterCrop(size)`; images smaller than `size` are padded."""

    size: Size
    fill: Colour | None = None
    """Colour of the padding; None is black."""
    rounding: str | None = None
    """`floor` as in Hugging Face's image processors: an odd pixel is cut at the end, padded at the start.
    None as in torchvision: the offset rounds half to even, and an odd pixel is padded at the end."""

    def size_after(self, _: Size | None) -> Size | None:
        return self.size

    def offset(self, length: int, wanted: int) -> int:
        """Position of the crop in a dimension of `length` pixels; negative where it is padded."""
        if self.rounding == "floor":
            return (length - wanted) // 2
        if wanted > length:
            return -((wanted - length) // 2)
        return round((length - wanted) / 2)


@dataclass(frozen=True)
class Pad:
    """torchvision's `Pad(padding, fill, padding_mode)`."""

    padding: tuple[int, int, int, int]
    """Left, top, right and bottom, in pixels."""
    fill: Colour = (0, 0, 0)
    """Colour of the padding in mode `constant`."""
    mode: str = "constant"
    """`constant`, `edge`, `reflect` or `symmetric`, as in `numpy.pad`."""

    def size_after(self, before: Size | None) -> Size | None:
        if before is None:
            return None
        left, top, right, bottom = self.padding
        return before[0] + top + bottom, before[1] + left + right


@dataclass(frozen=True)
class Letterbox:
    """Resizes into `size`, keeping the aspect ratio, and pads to it around the centre, as YOLO does.

    Sizes and borders are those of Ultralytics' `LetterBox(size, auto=False)`. The resize is Pillow's, which
    antialiases; Ultralytics resizes by OpenCV's `INTER_LINEAR`, which does not.
    """

    size: Size
    filter: str = "bilinear"
    fill: Colour = (114, 114, 114)

    def size_after(self, _: Size | None) -> Size | None:
        return self.size

    def resized(self, height: int, width: int) -> Size:
        """Height and width of the resized image: rounded half to even, at least one pixel each."""
        ratio = min(self.size[0] / height, self.size[1] / width)
        return max(1, round(height * ratio)), max(1, round(width * ratio))


@dataclass(frozen=True)
class Grey:
    """torchvision's `Grayscale(channels)` on a PIL image: Pillow's `convert("L")` of the RGB image."""

    channels: int = 1
    """1, or 3 equal ones."""

    def size_after(self, before: Size | None) -> Size | None:
        return before


Step = Resize | CenterCrop | Pad | Letterbox | Grey

_NAMES: Mapping[str, type[Step]] = {
    "resize": Resize,
    "center_crop": CenterCrop,
    "pad": Pad,
    "letterbox": Letterbox,
    "grey": Grey,
}


def read_steps(entries: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Parse `steps` of a catalogue or manifest, which its schema has accepted.

    Shorthands as in torchvision: `size` of a crop may be one number (a square), `padding` one number (all
    sides) or two (left and right, top and bottom), `fill` one number (a grey). Raises PreprocessingError.
    """
    return tuple(_read_step(entry) for entry in entries)


def step_as_dict(step: Step) -> dict[str, Any]:
    """Return the step as an entry of `steps` in the manifest, without what is None."""
    name = next(name for name, kind in _NAMES.items() if isinstance(step, kind))
    fields = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(step).items()}
    return {"op": name, **{key: value for key, value in fields.items() if value is not None}}


def size_after(steps: Sequence[Step]) -> Size | None:
    """Height and width after `steps`; None if they depend on the image."""
    size: Size | None = None
    for step in steps:
        size = step.size_after(size)
    return size


def channels_after(steps: Sequence[Step], channels: int) -> int:
    """Channels after `steps` of an image that has `channels`."""
    return next((step.channels for step in reversed(steps) if isinstance(step, Grey)), channels)


def _read_step(entry: Mapping[str, Any]) -> Step:
    match entry["op"]:
        case "resize":
            if entry.get("antialias") is False:
                raise PreprocessingError("steps", NO_ANTIALIAS)
            size = entry["size"]
            size = size if isinstance(size, int) else (size[0], size[1])
            return Resize(size, entry["filter"], entry.get("max_size"), entry.get("fit"))
        case "center_crop":
            fill = _colour(entry["fill"]) if "fill" in entry else None
            return CenterCrop(_size(entry["size"]), fill, entry.get("rounding"))
        case "letterbox":
            filter_name, fill = entry.get("filter", Letterbox.filter), entry.get("fill", Letterbox.fill)
            return Letterbox(_size(entry["size"]), filter_name, _colour(fill))
        case "grey":
            return Grey(entry.get("channels", 1))
    padding = _spread(entry["padding"], 2)
    left, top, right, bottom = padding * 2 if len(padding) == 2 else padding
    return Pad((left, top, right, bottom), _colour(entry.get("fill", 0)), entry.get("mode", "constant"))


NO_ANTIALIAS = (
    "found antialias = false; torchvision ignores it for PIL images, which are always antialiased, and the "
    "resize of a tensor rounds differently on different processors, so that no browser could reproduce it. "
    "Remove it if the images were resized before ToTensor; otherwise expect small differences"
)


def _size(value: int | Sequence[int]) -> Size:
    height, width = _spread(value, 2)
    return height, width


def _colour(value: int | Sequence[int]) -> Colour:
    red, green, blue = _spread(value, 3)
    return red, green, blue


def _spread(value: int | Sequence[int], count: int) -> tuple[int, ...]:
    return (value,) * count if isinstance(value, int) else tuple(value)
