"""Encodings of stored weights. Whatever the encoding, weights are decoded to float32 before computation.

An encoding maps a weight to tensors of a safetensors file. A weight `w3` is stored as one of

- `w3` F32: the values;
- `w3` F16: rounded to half precision;
- `w3` I8 and `w3.scale` F32, one scale per output channel: value = integer × scale;
- `w3` U8 and `w3.scale` F16, one scale per block of 32 rows of a column: two 4-bit integers per byte, the
  left column in the low nibble, value = (integer - 8) × scale.

The loader decodes to the same bits (`backends/weights/encodings.ts`), as a value takes at most one float32
multiplication.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import EXACT

BLOCK_ROWS = 32
"""Rows of a column that share a scale in the 4-bit encoding."""

Tensors = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Weight:
    """One weight, float32. `axis` is the output channel axis."""

    name: str
    """Name of the initializer and of its external data; an identifier, unlike PyTorch's dotted names."""
    values: NDArray[np.float32]
    axis: int

    @property
    def is_matrix_block(self) -> bool:
        """Whether it is a column block of a split matrix, [inputs, outputs]."""
        return self.axis == 1


def as_float32(weight: Weight) -> Tensors:
    return {weight.name: weight.values}


def as_float16(weight: Weight) -> Tensors:
    with np.errstate(over="ignore"):  # becomes infinite, which the comparison with PyTorch refuses
        return {weight.name: weight.values.astype(np.float16)}


def as_int8(weight: Weight, largest_integer: int = 127) -> Tensors:
    """Symmetric per-channel quantisation: zero stays zero, the largest magnitude of a channel maps to
    `largest_integer`, at most 127."""
    scale = _nonzero(largest_of_channels(weight) / np.float32(largest_integer))
    return {
        weight.name: np.rint(weight.values / scale).clip(-largest_integer, largest_integer).astype(np.int8),
        f"{weight.name}.scale": scale,
    }


def largest_of_channels(weight: Weight) -> NDArray[np.float32]:
    """The largest magnitude of each channel, with one entry on all other axes."""
    others = tuple(axis for axis in range(weight.values.ndim) if axis != weight.axis)
    largest: NDArray[np.float32] = np.abs(weight.values).max(axis=others, keepdims=True)
    return largest


def as_int4(weight: Weight) -> Tensors:
    """Per-block quantisation with BLOCK_ROWS rows per block. Requires `fits_int4(weight)`."""
    rows, columns = weight.values.shape
    blocks = weight.values.reshape(rows // BLOCK_ROWS, BLOCK_ROWS, columns)
    extremes = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1, keepdims=True), axis=1)
    # Signed scale: the value of largest magnitude maps to -8, which has no positive counterpart.
    scale = _nonzero((extremes / np.float32(-8)).astype(np.float16))
    integers = np.rint(blocks / scale.astype(np.float32)).clip(-8, 7).astype(np.int8) + 8
    pairs = integers.astype(np.uint8).reshape(rows, columns)
    return {
        weight.name: pairs[:, 0::2] | pairs[:, 1::2] << 4,
        f"{weight.name}.scale": scale.reshape(rows // BLOCK_ROWS, columns),
    }


def _nonzero(scale: NDArray[np.floating]) -> NDArray[np.floating]:
    """Replace scales of zero, those of all-zero channels, by one to avoid a division by zero."""
    return np.where(scale == 0, scale.dtype.type(1), scale)


def fits_int4(weight: Weight) -> bool:
    """Whether the weight is a matrix block with whole blocks of rows and an even number of columns."""
    rows, columns = weight.values.shape[0], weight.values.shape[-1]
    return weight.is_matrix_block and rows % BLOCK_ROWS == 0 and columns % 2 == 0


def _matrices(encode: Callable[[Weight], Tensors]) -> Callable[[Weight], Tensors]:
    """Encode blocks of large matrices by `encode`, all other weights in half precision."""
    return lambda weight: encode(weight) if fits_int4(weight) else as_float16(weight)


ENCODINGS: Mapping[str, Callable[[Weight], Tensors]] = {
    EXACT: as_float32,
    "fp16": as_float16,
    "int8": as_int8,
    "int8_matrix": _matrices(as_int8),
    "int4_matrix": _matrices(as_int4),
}
"""Encodings by their names in the catalogue and the manifest."""


def applies(name: str, weights: Sequence[Weight]) -> bool:
    """Whether an encoding is applicable: `*_matrix` requires at least one large matrix."""
    return not name.endswith("_matrix") or any(map(fits_int4, weights))


def decode_all(tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float32]]:
    """Decode the tensors of a safetensors file to float32 weights by name, bit-identical to the loader."""
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
