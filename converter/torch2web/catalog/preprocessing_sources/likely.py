"""What preprocessing is where only the size of the input is known."""

from dataclasses import dataclass

from torch2web.images import Preprocessing, Resize

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Likely:
    """A normalisation to propose, never to take without asking: a wrong one gives wrong labels silently."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    reason: str


def likely_normalisation(channels: int, height: int, width: int) -> Likely:
    """Return the normalisation that most networks of such an input were trained with."""
    if channels == 3:
        return Likely(IMAGENET_MEAN, IMAGENET_STD, "of ImageNet: what torchvision and timm train with")
    if (height, width) == (28, 28):
        return Likely((0.1307,), (0.3081,), "of MNIST")
    return Likely((0.5,), (0.5,), "grey levels from -1 to 1")


def of_size(
    height: int,
    width: int,
    *,
    color: str = "rgb",
    scale: str | int = "1/255",
    mean: tuple[float, ...] = (),
    std: tuple[float, ...] = (),
) -> Preprocessing:
    """Return a bilinear resize to `height` and `width`; without `mean` and `std` levels are only scaled.

    Raises PreprocessingError.
    """
    return Preprocessing((Resize((height, width), "bilinear"),), mean, std, color=color, scale=scale)
