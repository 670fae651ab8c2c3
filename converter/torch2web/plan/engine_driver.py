"""Calls the engine as the loader does: check a plan, declare the stored weights, unpack them, run.

The calls and their order are documented in web/engine/README.md. A subclass provides the engine.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from torch2web.plan.format import ENGINE_CODE_MEANINGS, StoredFormat

_FORMATS = {
    "float32": StoredFormat.FLOAT32,
    "float16": StoredFormat.FLOAT16,
    "int8": StoredFormat.INT8,
    "uint8": StoredFormat.INT4,
}
"""By dtype in the safetensors file."""

RANGE = 2**20
"""Default size in bytes of the ranges in which weights are unpacked."""

Tensors = Mapping[str, NDArray[np.generic]]
"""Contents of a safetensors file, see `variants/encodings.py`."""


class EngineError(Exception):
    """The engine refused a call: `code` is an EngineCode."""

    def __init__(self, call: str, code: int) -> None:
        self.call, self.code = call, code
        known = 0 <= code < len(ENGINE_CODE_MEANINGS)
        meaning = ENGINE_CODE_MEANINGS[code] if known else "an unknown problem"
        super().__init__(f"{call} found {meaning} (code {code})")


class EngineDriver(ABC):
    """One plan in the engine's memory."""

    _CHECK_ROOM = 65536
    """Memory in bytes that checking a plan needs in addition to twice its length."""

    def __init__(self, plan: bytes) -> None:
        """Check `plan`. Raises EngineError."""
        self.plan = plan
        self._check(2 * len(plan) + self._CHECK_ROOM)

    def size(self, tensors: Tensors, threads: int = 1) -> int:
        """Bytes of memory needed with `tensors` as stored weights; 0: a weight is missing or it is too large.

        Raises EngineError.
        """
        self._declare(tensors)
        return self._invoke("engine_size", threads)

    def load(self, tensors: Tensors, threads: int = 1, ranges: int = RANGE) -> None:
        """Declare, place and unpack stored weights, at most `ranges` bytes at a time. Raises EngineError."""
        size = self.size(tensors, threads)
        if not size:
            raise EngineError("engine_size", 0)
        available = self._check(size)
        used = self._declare(tensors)
        self._call("engine_place", available, threads)
        for name, number in used.items():
            if (scale := tensors.get(f"{name}.scale")) is not None:
                self._transfer("engine_scale", number, scale, ranges)
            self._transfer("engine_unpack", number, tensors[name], ranges)
        self._call("engine_ready")

    def run(self, x: NDArray[np.float32], threads: int = 1) -> NDArray[np.float32]:
        """The output for one sample, flat, float32. Raises EngineError."""
        content = np.ascontiguousarray(x, np.float32)
        if content.size != self._invoke("engine_input_length"):
            raise EngineError("engine_input_length", content.size)
        self._write(self._invoke("engine_input"), content.data)
        self._run(threads)
        output = self._read(self._invoke("engine_output"), 4 * self._invoke("engine_output_length"))
        return np.frombuffer(output, np.float32)

    @abstractmethod
    def _invoke(self, name: str, *arguments: int) -> int:
        """Call an export of the engine; the result, unsigned."""

    @abstractmethod
    def _reserve(self, size: int) -> tuple[int, int]:
        """Address and length of at least `size` bytes of memory for the plan and its tables."""

    @abstractmethod
    def _stage(self, content: bytes) -> int:
        """Copy stored weights to memory that the engine can read until the next call; its address."""

    @abstractmethod
    def _write(self, address: int, content: memoryview | bytes) -> None: ...

    @abstractmethod
    def _read(self, address: int, length: int) -> bytes: ...

    def _run(self, threads: int) -> None:
        self._call("engine_run", 0, threads)

    def _largest_piece(self, ranges: int) -> int:
        """Upper bound in bytes for `_stage`."""
        return ranges

    def _call(self, name: str, *arguments: int) -> None:
        if code := self._invoke(name, *arguments):
            raise EngineError(name, code)

    def _check(self, size: int) -> int:
        """Copy the plan to memory of `size` bytes and check it; the bytes available from its address on."""
        base, available = self._reserve(size)
        self._write(base, self.plan)
        self._call("engine_check", base, len(self.plan), available)
        return available

    def _declare(self, tensors: Tensors) -> dict[str, int]:
        """Declare each stored weight that the plan reads; their numbers by name."""
        numbers = {name: int(name.removeprefix("w")) for name in tensors if not name.endswith(".scale")}
        used = {n: number for n, number in numbers.items() if self._invoke("engine_weight_length", number)}
        for name, number in used.items():
            stored = tensors[name]
            # The engine refuses an unknown format.
            stored_format = _FORMATS.get(stored.dtype.name, len(StoredFormat))
            layout = _scale_layout(stored, tensors.get(f"{name}.scale"))
            self._call("engine_store", number, stored_format, *layout)
        return used

    def _transfer(self, call: str, number: int, values: NDArray[np.generic], ranges: int) -> None:
        content = np.ascontiguousarray(values).tobytes()
        step = self._largest_piece(ranges)
        for first in range(0, len(content), step):
            piece = content[first : first + step]
            self._call(call, number, first, self._stage(piece), len(piece))


def _scale_layout(stored: NDArray[np.generic], scale: NDArray[np.generic] | None) -> tuple[int, int]:
    """Number of channels, and of consecutive values with one scale, for `engine_store`."""
    if scale is None:
        return 1, 1
    if stored.dtype == np.uint8:
        return scale.shape[1], 1
    axis = next((axis for axis, length in enumerate(scale.shape) if length > 1), 0)
    return scale.size, int(np.prod(stored.shape[axis + 1 :]))
