"""Drives the engine as the page does: check a plan, declare weights as they are stored, unpack them, run.

The calls and their order are those of web/engine/README.md; where the engine runs is up to a subclass.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

FORMS = {"float32": 0, "float16": 1, "int8": 2, "uint8": 3}
"""Number of each form of stored weights in `engine_store`, by dtype."""

RANGE = 2**20
"""Bytes of weights that are handed over at a time."""

Tensors = Mapping[str, NDArray[np.generic]]
"""Contents of a safetensors file, see `variants/encodings.py`."""

MEANINGS = (
    "a weight that is missing, or more memory than there is",
    "not a plan, or not a whole one",
    "a plan of another version",
    "a damaged plan",
    "sections that do not make up the plan",
    "a tensor outside its place",
    "weights of an impossible shape",
    "a constant or a weight that does not fit where it goes",
    "an operator whose fields do not fit its tensors",
    "more memory than there is",
    "a weight of another number, form or length",
    "a weight that did not arrive whole",
    "a call before those that it needs",
)
"""Meaning of each `EngineCode` of `web/engine/plan/plan.h`."""


class EngineError(Exception):
    """The engine refused a call: `code` is an `EngineCode` of `web/engine/plan/plan.h`."""

    def __init__(self, call: str, code: int) -> None:
        self.call, self.code = call, code
        meaning = MEANINGS[code] if 0 <= code < len(MEANINGS) else "something wrong"
        super().__init__(f"{call} found {meaning} (code {code})")


class EngineDriver(ABC):
    """One plan in the engine's memory."""

    _CHECK_ROOM = 65536
    """Bytes that checking a plan needs besides twice its length."""

    def __init__(self, plan: bytes) -> None:
        """Check `plan`. Raises EngineError."""
        self.plan = plan
        self._check(2 * len(plan) + self._CHECK_ROOM)

    def size(self, tensors: Tensors, threads: int = 1) -> int:
        """Bytes of memory needed with `tensors` as stored weights; 0: a weight or the room is missing.

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
                self._hand_over("engine_scale", number, scale, ranges)
            self._hand_over("engine_unpack", number, tensors[name], ranges)
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
        """Call an export of the engine; its answer, unsigned."""

    @abstractmethod
    def _reserve(self, size: int) -> tuple[int, int]:
        """Address of memory for the plan and what follows it, at least `size` bytes, and its length."""

    @abstractmethod
    def _stage(self, content: bytes) -> int:
        """Put stored weights where the engine can read them until the next call; the address."""

    @abstractmethod
    def _write(self, address: int, content: memoryview | bytes) -> None: ...

    @abstractmethod
    def _read(self, address: int, length: int) -> bytes: ...

    def _run(self, threads: int) -> None:
        self._call("engine_run", 0, threads)

    def _largest_piece(self, ranges: int) -> int:
        """Bytes that `_stage` takes at most."""
        return ranges

    def _call(self, name: str, *arguments: int) -> None:
        if code := self._invoke(name, *arguments):
            raise EngineError(name, code)

    def _check(self, size: int) -> int:
        """Put the plan into memory of `size` bytes and check it; the bytes that there are from there on."""
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
            # The engine refuses a form that it does not know.
            layout = _scale_layout(stored, tensors.get(f"{name}.scale"))
            self._call("engine_store", number, FORMS.get(stored.dtype.name, len(FORMS)), *layout)
        return used

    def _hand_over(self, call: str, number: int, values: NDArray[np.generic], ranges: int) -> None:
        content = np.ascontiguousarray(values).tobytes()
        step = self._largest_piece(ranges)
        for first in range(0, len(content), step):
            piece = content[first : first + step]
            self._call(call, number, first, self._stage(piece), len(piece))


def _scale_layout(stored: NDArray[np.generic], scale: NDArray[np.generic] | None) -> tuple[int, int]:
    """Number of channels, and of consecutive values that share a scale, for `engine_store`."""
    if scale is None:
        return 1, 1
    if stored.dtype == np.uint8:
        return scale.shape[1], 1
    axis = next((axis for axis, length in enumerate(scale.shape) if length > 1), 0)
    return scale.size, int(np.prod(stored.shape[axis + 1 :]))
