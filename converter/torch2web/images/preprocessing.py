"""From a picture to a model's input tensor, exactly as torchvision does it on a PIL image.

NumPy and Pillow, nothing else, so that the same file also runs inside a web page under Pyodide.
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
"""Resampling filters by the name that the catalogue and the manifest use."""

VERTICAL_FIRST = int(PIL.__version__.split(".")[0]) >= 13
"""Whether this Pillow runs the vertical pass first where that saves most work; older ones never do.

Each pass rounds, so the order shows in the pixels, and the manifest tells the loader which one to follow.
"""


@dataclass(frozen=True)
class Preprocessing:
    """What torchvision's `steps → ToTensor → Normalize(mean, std)` is told.

    Raises ValueError where the size after the steps would depend on the picture.
    """

    steps: tuple[Step, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    exif_orientation: str = "ignore"
    """`apply` for a model that was trained on pictures turned upright, as `ImageOps.exif_transpose` does."""

    def __post_init__(self) -> None:
        if size_after(self.steps) is None:
            raise ValueError(
                "these steps leave the size to the picture; "
                "expected a resize to height and width or a center_crop, with at most pads behind it"
            )

    @property
    def size(self) -> Size:
        """Height and width of the network's input."""
        size = size_after(self.steps)
        assert size is not None  # the constructor sees to it
        return size

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Preprocessing":
        """From the manifest's form."""
        red, green, blue = map(float, entry["mean"])
        mean = (red, green, blue)
        red, green, blue = map(float, entry["std"])
        return cls(read_steps(entry["steps"]), mean, (red, green, blue), entry["exif_orientation"])

    def as_dict(self) -> dict[str, Any]:
        """The manifest's form, with the order of passes that this Pillow follows."""
        return {
            "steps": [step_as_dict(step) for step in self.steps],
            "exif_orientation": self.exif_orientation,
            "vertical_first": VERTICAL_FIRST,
            "mean": list(self.mean),
            "std": list(self.std),
        }


def open_rgb(source: str | PathLike[str] | IO[bytes], exif_orientation: str = "ignore") -> Image.Image:
    """Open a picture as three 8-bit channels: alpha dropped, profiles ignored.

    Turned as its Exif data says where `exif_orientation` is `apply`, as stored where it is `ignore`.
    """
    with Image.open(source) as image:
        if exif_orientation == "apply":
            return ImageOps.exif_transpose(image).convert("RGB")
        return image.convert("RGB")


def preprocess(image: Image.Image, spec: Preprocessing) -> NDArray[np.float32]:
    """Return the input of one RGB picture: float32, shape [3, height, width].

    Equal to the bit to torchvision's transforms, `ToTensor` and `Normalize` on the same PIL image.
    """
    for step in spec.steps:
        image = apply_step(image, step)
    return normalise(np.asarray(image), spec)


def apply_step(image: Image.Image, step: Step) -> Image.Image:
    """One step on an RGB picture, as torchvision's transform of the same name does it on a PIL image."""
    match step:
        case Resize():
            height, width = step.resized(image.height, image.width)
            return image.resize((width, height), FILTERS[step.filter])
        case CenterCrop(size):
            return _center_crop(image, *size)
        case Pad((left, top, right, bottom), fill, "constant"):
            return ImageOps.expand(image, (left, top, right, bottom), fill)
        case Pad((left, top, right, bottom), _, mode):
            sides = ((top, bottom), (left, right), (0, 0))
            return Image.fromarray(np.pad(np.asarray(image), sides, mode))  # type: ignore[call-overload]


def _center_crop(image: Image.Image, height: int, width: int) -> Image.Image:
    missing_y, missing_x = max(height - image.height, 0), max(width - image.width, 0)
    border = (missing_x // 2, missing_y // 2, (missing_x + 1) // 2, (missing_y + 1) // 2)
    image = ImageOps.expand(image, border)
    # Python rounds a half to the even number, and so torchvision crops.
    top, left = round((image.height - height) / 2), round((image.width - width) / 2)
    return image.crop((left, top, left + width, top + height))


def normalise(pixels: NDArray[np.uint8], spec: Preprocessing) -> NDArray[np.float32]:
    """Pixels [height, width, 3] as torchvision's `ToTensor → Normalize` gives them: [3, height, width].

    A float32 division by 255, then subtraction and division, each rounded on its own.
    """
    scaled = pixels.astype(np.float32) / np.float32(255)
    normalised = (scaled - np.asarray(spec.mean, np.float32)) / np.asarray(spec.std, np.float32)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1))
