"""Bytes that weights take once they are coded: the bound that an entropy coder comes close to."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_TABLE_BYTES = 32
"""Of a coder's table, for one plane of bytes."""

_CHUNK = 2**20
"""Symbols that are counted at once: NumPy counts in 8 bytes each."""


def entropy_size(tensors: Iterable[NDArray[np.generic]]) -> int:
    """The entropy of each tensor's bytes, plane by plane: the lowest bytes of all its numbers are one."""
    return sum(_planes(tensor) for tensor in tensors)


def _planes(tensor: NDArray[np.generic]) -> int:
    planes = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).reshape(-1, tensor.dtype.itemsize)
    return sum(_TABLE_BYTES + int(entropy(plane) * len(plane) / 8) for plane in planes.T)


def entropy(symbols: NDArray[np.uint8]) -> float:
    """Bits for each of `symbols` if it is coded by how often it occurs."""
    counts = np.zeros(256)
    for start in range(0, len(symbols), _CHUNK):
        counts += np.bincount(symbols[start : start + _CHUNK], minlength=256)
    shares = counts[counts > 0] / len(symbols)
    return float(-(shares * np.log2(shares)).sum())
