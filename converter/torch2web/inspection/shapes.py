"""What the shapes of weights tell: numbers of outputs and of input channels."""

from collections.abc import Mapping

Shape = tuple[int, ...]


def outputs_of(shapes: Mapping[str, Shape]) -> tuple[int | None, str]:
    """The rows of the last matrix, and a reason for people; None and "" where there is no matrix.

    A last layer may be a linear one [out, in] or a convolution of one pixel [out, in, 1, 1].
    """
    for key, shape in reversed(list(shapes.items())):
        if key.endswith("weight") and (len(shape) == 2 or (len(shape) == 4 and shape[2:] == (1, 1))):
            return shape[0], f"{key} has {shape[0]} rows"
    return None, ""


def channels_of(shapes: Mapping[str, Shape]) -> int | None:
    """Input channels of the first layer, if it is a convolution of images."""
    for key, shape in shapes.items():
        if key.endswith("weight") and len(shape) >= 2:
            return shape[1] if len(shape) == 4 else None
    return None
