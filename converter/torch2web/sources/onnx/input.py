"""The image input of an ONNX file: its name, type, layout and batch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto

from torch2web.errors import CheckpointError

_TYPES: dict[int, np.dtype[Any]] = {
    TensorProto.FLOAT: np.dtype(np.float32),
    TensorProto.FLOAT16: np.dtype(np.float16),
    TensorProto.DOUBLE: np.dtype(np.float64),
    TensorProto.UINT8: np.dtype(np.uint8),
}
_RANK = 4


@dataclass(frozen=True)
class ImageInput:
    name: str
    elem_type: int
    """Of TensorProto."""
    channels_last: bool
    """[batch, height, width, channels] instead of [batch, channels, height, width]."""
    batch: int | None
    """None: any."""
    notes: tuple[str, ...] = ()

    @property
    def computed_type(self) -> int:
        """The type of the input once float16 and float64 are float32."""
        return self.elem_type if self.elem_type == TensorProto.UINT8 else int(TensorProto.FLOAT)

    def feed(self, batch: NDArray[np.float32]) -> NDArray[Any]:
        """Inputs [batch, channels, height, width], float32, as this input takes them."""
        dtype = _TYPES[self.computed_type]
        laid_out = batch.transpose(0, 2, 3, 1) if self.channels_last else batch
        return np.ascontiguousarray(laid_out.astype(dtype))


def image_input(path: Path, model: ModelProto, shape: tuple[int, int, int]) -> ImageInput:
    """The only input of `model`, which must take images of `shape`: channels, height, width.

    Raises CheckpointError.
    """
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != 1:
        listed = ", ".join(value.name for value in inputs) or "none"
        raise CheckpointError(path, f"it has {len(inputs)} inputs ({listed}), expected one: the image")
    value = inputs[0].type.tensor_type
    if value.elem_type not in _TYPES:
        kind = TensorProto.DataType.Name(value.elem_type).lower()
        raise CheckpointError(
            path, f"its input {inputs[0].name} is {kind}, expected float, half, double or uint8"
        )
    sizes = [axis.dim_value or None for axis in value.shape.dim]
    if len(sizes) != _RANK:
        found = [axis.dim_value or axis.dim_param or "?" for axis in value.shape.dim]
        problem = f"its input {inputs[0].name} is {found}, expected [batch, channels, height, width]"
        raise CheckpointError(path, problem)
    channels, height, width = shape
    last = _fits(sizes[1:], (height, width, channels)) and not _fits(sizes[1:], shape)
    if not last and not _fits(sizes[1:], shape):
        given = " × ".join(str(size or "any") for size in sizes[1:])
        problem = f"its input is {given}, the preprocessing gives {channels} × {height} × {width}"
        raise CheckpointError(
            path, problem, "Set the size and the channels of the preprocessing (--size, --color)."
        )
    notes: tuple[str, ...] = ("input [batch, height, width, channels]: transposed",) if last else ()
    if value.elem_type == TensorProto.UINT8:
        notes += ("input uint8: numbers are rounded down to it",)
    return ImageInput(inputs[0].name, value.elem_type, last, sizes[0], notes)


def _fits(sizes: list[int | None], wanted: tuple[int, int, int]) -> bool:
    return all(size in (None, number) for size, number in zip(sizes, wanted, strict=True))
