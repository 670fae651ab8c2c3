"""From a picture to a model's input tensor, exactly as torchvision does it on a PIL image.

NumPy and Pillow, nothing else, so that the same file also runs inside a web page under Pyodide.
"""

from dataclasses import dataclass
from os import PathLike
from typing import IO

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageOps

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
    """What torchvision's `Resize((height, width)) → ToTensor → Normalize(mean, std)` is told."""

    height: int
    width: int
    resample: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    exif_orientation: str = "ignore"
    """`apply` for a model that was trained on pictures turned upright, as `ImageOps.exif_transpose` does."""


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

    Equal to the bit to torchvision's `Resize → ToTensor → Normalize` on the same PIL image.
    """
    resized = image.resize((spec.width, spec.height), FILTERS[spec.resample])
    return normalise(np.asarray(resized), spec)


def normalise(pixels: NDArray[np.uint8], spec: Preprocessing) -> NDArray[np.float32]:
    """Pixels [height, width, 3] as torchvision's `ToTensor → Normalize` gives them: [3, height, width].

    A float32 division by 255, then subtraction and division, each rounded on its own.
    """
    scaled = pixels.astype(np.float32) / np.float32(255)
    normalised = (scaled - np.asarray(spec.mean, np.float32)) / np.asarray(spec.std, np.float32)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1))
