"""Images and demo weights that come with a catalogue: what models are judged on when nobody gives images."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ReferenceImage:
    """An image on which PyTorch and everything made from it are compared."""

    name: str
    picture: Image.Image
    """RGB"""


@dataclass(frozen=True)
class Sample:
    """An image that the page offers to try. `label` is what it was drawn to show."""

    file_name: str
    label: str
    content: bytes
    """JPEG"""


@dataclass(frozen=True)
class Materials:
    """Drawn images, and demo weights that were trained on such images. All functions are deterministic."""

    labels: tuple[str, ...]
    """Classes of the drawn images, and of the demo weights in the order of their outputs."""
    reference_images: Callable[[], tuple[ReferenceImage, ...]]
    samples: Callable[[], tuple[Sample, ...]]
    weights_file: Callable[[str], Path]
    """File of the demo weights by architecture; it may not exist."""
    load_weights: Callable[[str], "dict[str, Tensor]"]
    """State dict of the demo weights by architecture, float32."""
