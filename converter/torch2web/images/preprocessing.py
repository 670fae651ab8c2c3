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

from torch2web.images.steps import CenterCrop, Pad, Resize, Size, Step, read_steps, size_after, step_as_dict

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


@dataclass(frozen=True)
class Preprocessing:
    """Parameters of torchvision's `steps → ToTensor → Normalize(mean, std)`.

    Raises ValueError if the size after the steps depends on the image.
    """

    steps: tuple[Step, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    exif_orientation: str = "apply"
    """`apply` rotates files upright, like `ImageOps.exif_transpose`; `ignore` leaves them as stored."""

    def __post_init__(self) -> None:
        if size_after(self.steps) is None:
            raise ValueError(
                "the size after these steps depends on the image; "
                "expected a resize to height and width or a center_crop, followed by pads at most"
            )

    @property
    def size(self) -> Size:
        """Height and width of the network's input, in pixels."""
        size = size_after(self.steps)
        assert size is not None  # checked by __post_init__
        return size

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Preprocessing":
        """Create from `preprocessing` of a manifest or catalogue, which the schema has accepted."""
        red, green, blue = map(float, entry["mean"])
        mean = (red, green, blue)
        red, green, blue = map(float, entry["std"])
        return cls(
            read_steps(entry["steps"]),
            mean,
            (red, green, blue),
            entry.get("exif_orientation", cls.exif_orientation),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return `preprocessing` of the manifest, including the order of passes of this Pillow."""
        return {
            "steps": [step_as_dict(step) for step in self.steps],
            "exif_orientation": self.exif_orientation,
            "vertical_first": VERTICAL_FIRST,
            "mean": list(self.mean),
            "std": list(self.std),
        }


def open_rgb(source: str | PathLike[str] | IO[bytes], exif_orientation: str = "apply") -> Image.Image:
    """Open an image as 8-bit RGB: alpha is dropped, colour profiles are ignored.

    `exif_orientation`: `apply` rotates by the EXIF orientation, `ignore` keeps the stored orientation.
    """
    with Image.open(source) as image:
        if exif_orientation == "apply":
            return ImageOps.exif_transpose(image).convert("RGB")
        return image.convert("RGB")


def preprocess(image: Image.Image, spec: Preprocessing) -> NDArray[np.float32]:
    """Return the input tensor of one RGB image: float32, shape [3, height, width].

    Bit-identical to torchvision's transforms, `ToTensor` and `Normalize` on the same PIL image.
    """
    for step in spec.steps:
        image = apply_step(image, step)
    return normalise(np.asarray(image), spec)


def apply_step(image: Image.Image, step: Step) -> Image.Image:
    """Apply one step to an RGB image, like torchvision's transform of the same name on a PIL image."""
    match step:
        case Resize():
            height, width = step.resized(image.height, image.width)
            return image.resize((width, height), FILTERS[step.filter])
        case CenterCrop(size):
            return _center_crop(image, *size)
        case Pad((left, top, right, bottom), fill, "constant"):
            return ImageOps.expand(image, (left, top, right, bottom), fill)
        case Pad((left, top, right, bottom), _, mode):
            widths = ((top, bottom), (left, right), (0, 0))
            return Image.fromarray(np.pad(np.asarray(image), widths, mode))  # type: ignore[call-overload]


def _center_crop(image: Image.Image, height: int, width: int) -> Image.Image:
    missing_y, missing_x = max(height - image.height, 0), max(width - image.width, 0)
    border = (missing_x // 2, missing_y // 2, (missing_x + 1) // 2, (missing_y + 1) // 2)
    image = ImageOps.expand(image, border)
    # Python rounds half to even; torchvision computes the offset with the same `round`.
    top, left = round((image.height - height) / 2), round((image.width - width) / 2)
    return image.crop((left, top, left + width, top + height))


def normalise(pixels: NDArray[np.uint8], spec: Preprocessing) -> NDArray[np.float32]:
    """Apply `ToTensor → Normalize` to uint8 pixels [height, width, 3]: float32, [3, height, width].

    Division by 255, subtraction of the mean and division by std are three float32 operations, each rounded.
    """
    scaled = pixels.astype(np.float32) / np.float32(255)
    normalised = (scaled - np.asarray(spec.mean, np.float32)) / np.asarray(spec.std, np.float32)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1))
