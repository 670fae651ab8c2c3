"""Preprocessing: from an image to a model's input tensor, bit-identical to torchvision on a PIL image.

Depends on NumPy and Pillow only, so that the same file also runs in a web page under Pyodide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import IO, Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageOps

from torch2web.errors import PreprocessingError
from torch2web.images.steps import (
    CenterCrop,
    Colour,
    Grey,
    Letterbox,
    Pad,
    Resize,
    Size,
    Step,
    channels_after,
    read_steps,
    size_after,
    step_as_dict,
)

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Pillow's resampling filters by their names in the catalogue and the manifest."""

VERTICAL_FIRST = int(PIL.__version__.split(".")[0]) >= 13
"""Whether this Pillow resizes vertically first where that is cheaper; before version 13 it never does.

Each pass rounds to 8 bits, so the order changes pixels; the manifest records it for the loader.
"""


COLORS = ("rgb", "bgr", "grey")
"""`rgb` and `bgr`: order of the channels; `grey`: the file is opened as Pillow's mode L, one channel."""

SCALES = ("1/255", "*1/255", 1)
"""How levels 0 to 255 become float32: `1/255` divides by 255, as ToTensor; `*1/255` multiplies by the float32
nearest to 1/255, as torchvision's v2.ToDtype(scale=True), which differs in the last bit; 1 leaves them."""


@dataclass(frozen=True)
class Preprocessing:
    """Parameters of torchvision's `steps → ToTensor → Normalize(mean, std)`.

    Raises PreprocessingError if the size after the steps depends on the image, or a value does not fit the
    number of channels.
    """

    steps: tuple[Step, ...]
    mean: tuple[float, ...] = ()
    """One number per channel, in the tensor's order, subtracted after scaling; empty for zeros."""
    std: tuple[float, ...] = ()
    """One number per channel, in the tensor's order; empty for ones."""
    exif_orientation: str = "apply"
    """`apply` rotates files upright, like `ImageOps.exif_transpose`; `ignore` leaves them as stored."""
    color: str = "rgb"
    """One of COLORS."""
    scale: str | int = "1/255"
    """One of SCALES."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", self.mean or (0.0,) * self.channels)
        object.__setattr__(self, "std", self.std or (1.0,) * self.channels)
        for key, known in (("color", COLORS), ("scale", SCALES)):
            if getattr(self, key) not in known:
                expected = ", ".join(map(repr, known))
                raise PreprocessingError(key, f"found {getattr(self, key)!r}, expected one of {expected}")
        for key in ("mean", "std"):
            self._require_channels(key, len(getattr(self, key)))
        self._require_grey_fills()
        if size_after(self.steps) is None:
            raise PreprocessingError(
                "steps",
                "the size after these steps depends on the image; expected a resize to height and width, "
                "a letterbox or a center_crop, followed by pads at most",
            )

    @property
    def size(self) -> Size:
        """Height and width of the network's input, in pixels."""
        size = size_after(self.steps)
        assert size is not None  # checked by __post_init__
        return size

    @property
    def channels(self) -> int:
        """Channels of the network's input: 1 or 3."""
        return channels_after(self.steps, 1 if self.color == "grey" else 3)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Preprocessing":
        """Create from `preprocessing` of a manifest or catalogue, which the schema has accepted."""
        return cls(
            steps=read_steps(entry["steps"]),
            mean=tuple(map(float, entry.get("mean", ()))),
            std=tuple(map(float, entry.get("std", ()))),
            exif_orientation=entry.get("exif_orientation", cls.exif_orientation),
            color=entry.get("color", cls.color),
            scale=entry.get("scale", cls.scale),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return `preprocessing` of the manifest, including the order of passes of this Pillow.

        `color` and `scale` are absent where they have their defaults.
        """
        entry = {
            "steps": [step_as_dict(step) for step in self.steps],
            "exif_orientation": self.exif_orientation,
            "vertical_first": VERTICAL_FIRST,
            "mean": list(self.mean),
            "std": list(self.std),
        }
        if self.color != Preprocessing.color:
            entry["color"] = self.color
        if self.scale != Preprocessing.scale:
            entry["scale"] = self.scale
        return entry

    def as_entry(self) -> dict[str, Any]:
        """Return `preprocessing` of a catalogue, with what has a default left out, but with mean and std."""
        entry = self.as_dict()
        del entry["vertical_first"]
        if self.exif_orientation == Preprocessing.exif_orientation:
            del entry["exif_orientation"]
        return entry

    def _require_channels(self, key: str, found: int) -> None:
        if found == self.channels:
            return
        problem = (
            f"found {found} number{'' if found == 1 else 's'}, expected {self.channels}, one per channel"
        )
        if found == 1:
            listed = ", ".join([repr(float(getattr(self, key)[0]))] * self.channels)
            problem += (
                f"; for a colour image write [{listed}]"
                '; for a network with one grey channel set color = "grey", which opens files as grey, or add '
                'the step { op = "grey" }'
            )
        elif self.channels == 1:
            problem += "; the images are grey"
        raise PreprocessingError(key, problem)

    def _require_grey_fills(self) -> None:
        """Require greys where a grey image is padded: Pillow has one number there."""
        channels = 1 if self.color == "grey" else 3
        for index, step in enumerate(self.steps):
            fill = getattr(step, "fill", None)
            if channels == 1 and fill and len(set(fill)) > 1:
                problem = f"found {list(fill)}, expected one number: the image is grey there"
                raise PreprocessingError(f"steps[{index}].fill", problem)
            channels = channels_after([step], channels)


def open_rgb(source: str | PathLike[str] | IO[bytes], exif_orientation: str = "apply") -> Image.Image:
    """Open an image as 8-bit RGB: alpha is dropped, colour profiles are ignored.

    `exif_orientation`: `apply` rotates by the EXIF orientation, `ignore` keeps the stored orientation.
    """
    return _open(source, exif_orientation, "RGB")


def open_image(source: str | PathLike[str] | IO[bytes], spec: Preprocessing) -> Image.Image:
    """Open an image for `preprocess`, oriented as `spec` says: as RGB, or grey (Pillow's `convert("L")`)."""
    return _open(source, spec.exif_orientation, "L" if spec.color == "grey" else "RGB")


def _open(source: str | PathLike[str] | IO[bytes], exif_orientation: str, mode: str) -> Image.Image:
    with Image.open(source) as image:
        if exif_orientation == "apply":
            return ImageOps.exif_transpose(image).convert(mode)
        return image.convert(mode)


def preprocess(image: Image.Image, spec: Preprocessing) -> NDArray[np.float32]:
    """Return the input tensor of one RGB or grey image: float32, shape [channels, height, width].

    Bit-identical to torchvision's transforms, `ToTensor` and `Normalize` on the same PIL image. For `color`
    grey an RGB image is converted first, which gives the pixels that opening a file as grey gives.
    """
    if spec.color == "grey":
        image = image.convert("L")
    for step in spec.steps:
        image = apply_step(image, step)
    return normalise(np.asarray(image), spec)


def apply_step(image: Image.Image, step: Step) -> Image.Image:
    """Apply one step to an RGB or grey image, like torchvision's transform of that name on a PIL image."""
    match step:
        case Resize():
            height, width = step.resized(image.height, image.width)
            return image.resize((width, height), FILTERS[step.filter])
        case CenterCrop():
            return _center_crop(image, step)
        case Letterbox():
            height, width = step.resized(image.height, image.width)
            resized = image.resize((width, height), FILTERS[step.filter])
            return _center_crop(resized, CenterCrop(step.size, step.fill))
        case Grey(channels):
            return image.convert("L") if channels == 1 else image.convert("L").convert("RGB")
        case Pad((left, top, right, bottom), fill, "constant"):
            return ImageOps.expand(image, (left, top, right, bottom), _fill(image, fill))
        case Pad((left, top, right, bottom), _, mode):
            pixels = np.asarray(image)
            widths = ((top, bottom), (left, right), (0, 0))[: pixels.ndim]
            return Image.fromarray(np.pad(pixels, widths, mode))  # type: ignore[call-overload]


def _center_crop(image: Image.Image, step: CenterCrop) -> Image.Image:
    height, width = step.size
    top, left = step.offset(image.height, height), step.offset(image.width, width)
    right, bottom = left + width - image.width, top + height - image.height
    border = (max(-left, 0), max(-top, 0), max(right, 0), max(bottom, 0))
    image = ImageOps.expand(image, border, _fill(image, step.fill or (0, 0, 0)))
    left, top = max(left, 0), max(top, 0)
    return image.crop((left, top, left + width, top + height))


def _fill(image: Image.Image, colour: Colour) -> Colour | int:
    return colour[0] if image.mode == "L" else colour


def normalise(pixels: NDArray[np.uint8], spec: Preprocessing) -> NDArray[np.float32]:
    """Apply `ToTensor → Normalize` to uint8 pixels [height, width] or [height, width, channels].

    Returns float32, [channels, height, width]. Scaling, subtraction of the mean and division by std are three
    float32 operations, each rounded.
    """
    values = np.atleast_3d(pixels).astype(np.float32)
    if spec.color == "bgr":
        values = values[..., ::-1]
    if spec.scale == "1/255":
        values = values / np.float32(255)
    elif spec.scale == "*1/255":
        values = values * np.float32(1 / 255)
    normalised = (values - np.asarray(spec.mean, np.float32)) / np.asarray(spec.std, np.float32)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1))
