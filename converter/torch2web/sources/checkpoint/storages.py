"""Reads tensors from the bytes of their storages; every bound is checked before memory is allocated."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from torch2web.sources.checkpoint.values import DamagedError, StorageRef, TensorRef

_MIN_BUDGET = 64 * 2**20
_FACTOR = 8
"""A file may hold this many times its size in tensors: views that share storages, half precision that is
widened."""


class TensorReader:
    """Reads the tensors of one file of `file_size` bytes. `read(key)` gives the bytes of a storage."""

    def __init__(self, read: Callable[[str], bytearray], file_size: int, *, swap: bool = False) -> None:
        self._read, self._swap = read, swap
        self._cache: dict[tuple[str, int], bytearray] = {}
        self._budget = max(_MIN_BUDGET, _FACTOR * file_size)

    def tensor(self, ref: TensorRef) -> Tensor:
        """The tensor, contiguous, in its own dtype. Raises DamagedError where it exceeds its storage."""
        dtype: torch.dtype = getattr(torch, ref.dtype)
        storage, count = ref.storage, math.prod(ref.shape)
        item = dtype.itemsize
        first = (storage.start if storage.dtype else 0) + ref.offset
        end = first + sum((side - 1) * step for side, step in zip(ref.shape, ref.stride, strict=True)) + 1
        limit = storage.start + storage.size if storage.dtype else storage.size // item
        if count and end > limit:
            problem = (
                f"a tensor of shape {list(ref.shape)[:8]} exceeds its storage of {storage.size:.3g} elements"
            )
            raise DamagedError(problem)
        self._budget -= count * max(item, 4)
        if self._budget < 0:
            raise DamagedError("its tensors would take many times the size of the file")
        if not count:
            return torch.empty(ref.shape, dtype=dtype)
        content = self._bytes(storage, item // 2 if dtype.is_complex else item)
        if end * item > len(content):
            raise DamagedError(f"a storage has {len(content):,} bytes, its tensors need {end * item:,}")
        flat = torch.frombuffer(content, dtype=dtype, count=len(content) // item)
        return flat.as_strided(ref.shape, ref.stride, first).contiguous()

    def _bytes(self, storage: StorageRef, unit: int) -> bytearray:
        if storage.content is not None:
            return bytearray(storage.content)
        key = (storage.key, unit if self._swap else 0)
        if key not in self._cache:
            content = self._read(storage.key)
            self._cache[key] = _swapped(content, unit) if self._swap and unit > 1 else content
        return self._cache[key]


def _swapped(content: bytearray, unit: int) -> bytearray:
    swapped = bytearray(len(content))
    for byte in range(unit):
        swapped[byte::unit] = content[unit - 1 - byte :: unit]
    return swapped
