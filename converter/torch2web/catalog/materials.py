"""Reference images, sample images and demo weights that accompany a catalogue."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ReferenceImage:
    """An image on which exported models are compared with PyTorch."""

    name: str
    image: Image.Image
    """RGB"""
    png: bytes = b""
    """The image as a file, where there is one already."""

    def as_png(self) -> bytes:
        """The image as a PNG file."""
        return self.png or self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        buffer = BytesIO()
        self.image.save(buffer, "PNG")
        return buffer.getvalue()


@dataclass(frozen=True)
class Sample:
    """A sample image on the page, an example of the class `label`, which is empty where none is known."""

    file_name: str
    label: str
    content: bytes
    """Of a format that browsers show."""
    drawn: bool = False
    """Whether it is a drawing of a face."""


@dataclass(frozen=True)
class Materials:
    """Drawn images, and demo weights trained on such images. All functions are deterministic."""

    labels: tuple[str, ...]
    """Classes of the drawn images, in the order of the demo weights' outputs."""
    reference_images: Callable[[], tuple[ReferenceImage, ...]]
    calibration_images: Callable[[], tuple[ReferenceImage, ...]]
    """Others, on which weights are rounded."""
    search_images: Callable[[], tuple[ReferenceImage, ...]]
    """Others again, on which it is searched how coarsely."""
    samples: Callable[[], tuple[Sample, ...]]
    weights_file: Callable[[str], Path]
    """Architecture → path of its demo weights, which may not exist."""
    load_weights: Callable[[str], "dict[str, Tensor]"]
    """Architecture → state dict of its demo weights, float32. Raises CheckpointError for a damaged file."""

    def fit(self, labels: Iterable[tuple[str, ...]]) -> bool:
        """Whether the labels of every model are those of the drawn images."""
        return all(found == self.labels for found in labels)
