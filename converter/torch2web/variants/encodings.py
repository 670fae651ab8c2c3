"""How weights are stored: as they are, or smaller and turned back into float32 before anything is computed.

Each encoding gives tensors for a safetensors file. A weight `w3` is stored as

- `w3` F32: the values;
- `w3` F16: rounded to half precision;
- `w3` I8 with `w3.scale` F32, one for each output channel: value = integer × scale;
- `w3` U8 with `w3.scale` F16, one for each 32 rows of a column: two 4-bit integers a byte, the left column
  in the low half, value = (integer - 8) × scale.

The loader's `backends/weights/encodings.ts` decodes in the browser, to the same bits: at most one
multiplication in float32 for each value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import EXACT

BLOCK_ROWS = 32
"""Rows of a column that share a scale at 4 bits."""

Tensors = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Weight:
    """One weight, float32. `axis` is the one that counts output channels."""

    name: str
    """Of the initializer and of its external data: a plain word, unlike the names that PyTorch gives."""
    values: NDArray[np.float32]
    axis: int

    @property
    def is_matrix_part(self) -> bool:
        """Whether it is a part of a large matrix, with the inputs as rows and the outputs as columns."""
        return self.axis == 1


def as_float32(weight: Weight) -> Tensors:
    return {weight.name: weight.values}


def as_float16(weight: Weight) -> Tensors:
    with np.errstate(over="ignore"):  # infinite then, which the comparison with PyTorch refuses
        return {weight.name: weight.values.astype(np.float16)}


def as_int8(weight: Weight) -> Tensors:
    """Symmetric, so that zero stays zero; the largest value of a channel becomes 127."""
    others = tuple(axis for axis in range(weight.values.ndim) if axis != weight.axis)
    largest = np.abs(weight.values).max(axis=others, keepdims=True)
    scale = _nonzero(largest / np.float32(127))
    return {
        weight.name: np.rint(weight.values / scale).clip(-127, 127).astype(np.int8),
        f"{weight.name}.scale": scale,
    }


def as_int4(weight: Weight) -> Tensors:
    """In blocks of BLOCK_ROWS rows, for weights that `fits_int4` lets pass."""
    rows, columns = weight.values.shape
    blocks = weight.values.reshape(rows // BLOCK_ROWS, BLOCK_ROWS, columns)
    extremes = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1, keepdims=True), axis=1)
    # The largest value becomes -8, the one end that has no counterpart, whichever sign it has.
    scale = _nonzero((extremes / np.float32(-8)).astype(np.float16))
    integers = np.rint(blocks / scale.astype(np.float32)).clip(-8, 7).astype(np.int8) + 8
    pairs = integers.astype(np.uint8).reshape(rows, columns)
    return {
        weight.name: pairs[:, 0::2] | pairs[:, 1::2] << 4,
        f"{weight.name}.scale": scale.reshape(rows // BLOCK_ROWS, columns),
    }


def _nonzero(scale: NDArray[np.floating]) -> NDArray[np.floating]:
    """A channel of zeros can have any scale but zero, which cannot be divided by."""
    return np.where(scale == 0, scale.dtype.type(1), scale)


def fits_int4(weight: Weight) -> bool:
    rows, columns = weight.values.shape[0], weight.values.shape[-1]
    return weight.is_matrix_part and rows % BLOCK_ROWS == 0 and columns % 2 == 0


def _matrices(encode: Callable[[Weight], Tensors]) -> Callable[[Weight], Tensors]:
    """Large matrices by `encode`, everything else in half precision."""
    return lambda weight: encode(weight) if fits_int4(weight) else as_float16(weight)


ENCODINGS: Mapping[str, Callable[[Weight], Tensors]] = {
    EXACT: as_float32,
    "fp16": as_float16,
    "int8": as_int8,
    "int8_matrix": _matrices(as_int8),
    "int4_matrix": _matrices(as_int4),
}
"""By the name that the catalogue and the manifest use."""


def applies(name: str, weights: Sequence[Weight]) -> bool:
    """Whether an encoding makes sense for a model: those of large matrices only where there is one."""
    return not name.endswith("_matrix") or any(map(fits_int4, weights))


def decode_all(tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float32]]:
    """The weights by name as float32, from the tensors of a safetensors file, as the browser decodes them."""
    return {
        name: _decode(stored, tensors.get(f"{name}.scale"))
        for name, stored in tensors.items()
        if not name.endswith(".scale")
    }


def _decode(stored: NDArray[Any], scale: NDArray[Any] | None) -> NDArray[np.float32]:
    if scale is None:
        return stored.astype(np.float32)
    if stored.dtype == np.int8:
        return stored.astype(np.float32) * scale.astype(np.float32)
    rows, pairs = stored.shape
    integers = np.stack([stored & 15, stored >> 4], axis=-1).reshape(rows, 2 * pairs)
    scales = scale.astype(np.float32).repeat(BLOCK_ROWS, axis=0)
    return (integers.astype(np.float32) - np.float32(8)) * scales
