"""The engine on this machine, driven as the page drives it: plan, weights in ranges, runs."""

import ctypes
from collections.abc import Mapping
from threading import Thread

import numpy as np
from numpy.typing import NDArray

FORMS = {"float32": 0, "float16": 1, "int8": 2, "uint8": 3}
"""Of stored weights, as `engine_store` numbers them, by their type."""

RANGE = 2**20
"""Bytes of weights that are handed over at a time."""

Tensors = Mapping[str, NDArray[np.generic]]
"""Of a safetensors file: see `encodings.py`."""


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
"""What each `EngineCode` of `web/engine/plan/plan.h` says was found."""


class EngineError(Exception):
    """`call` answered something else than success: `code` is an `EngineCode` of `web/engine/plan/plan.h`."""

    def __init__(self, call: str, code: int) -> None:
        self.call, self.code = call, code
        meaning = MEANINGS[code] if 0 <= code < len(MEANINGS) else "something wrong"
        super().__init__(f"{call} found {meaning} (code {code})")


class NativeEngine:
    """One plan in memory of its own. Of one `library` only the newest works, as in one instance in a page."""

    def __init__(self, library: ctypes.CDLL, plan: bytes) -> None:
        self.library = library
        for name in ("engine_input", "engine_output", "engine_staging"):
            getattr(self.library, name).restype = ctypes.c_void_p
        for name in ("engine_size", "engine_stored_bytes", "engine_stored_scales"):
            getattr(self.library, name).restype = ctypes.c_uint32
        self.memory = _aligned(2 * len(plan) + 4096)
        self.plan = plan
        self._check()

    def size(self, tensors: Tensors, threads: int = 1) -> int:
        """Bytes that it needs with its weights stored so; 0 where one is missing or there is no room.

        Raises EngineError.
        """
        self._declare(tensors)
        size: int = self.library.engine_size(threads)
        return size

    def load(self, tensors: Tensors, threads: int = 1, ranges: int = RANGE) -> None:
        """Declare, place and unpack stored weights, at most `ranges` bytes at a time. Raises EngineError."""
        size = self.size(tensors, threads)
        if not size:
            raise EngineError("engine_size", 0)
        self.memory = _aligned(size)
        self.memory[:] = 0xA5  # nothing is to rely on zeros
        self._check()
        used = self._declare(tensors)
        self._call("engine_place", self.memory.nbytes, threads)
        for name, number in used.items():
            if (scale := tensors.get(f"{name}.scale")) is not None:
                self._hand_over("engine_scale", number, scale, ranges)
            self._hand_over("engine_unpack", number, tensors[name], ranges)
        self._call("engine_ready")

    def run(self, x: NDArray[np.float32], threads: int = 1) -> NDArray[np.float32]:
        """What one sample gives, flat. Raises EngineError."""
        x = np.ascontiguousarray(x, np.float32)
        if x.size != self.library.engine_input_length():
            raise EngineError("engine_input_length", x.size)
        ctypes.memmove(self.library.engine_input(), x.ctypes.data, x.nbytes)
        self._run(threads)
        y = np.empty(self.library.engine_output_length(), np.float32)
        ctypes.memmove(y.ctypes.data, self.library.engine_output(), y.nbytes)
        return y

    def _check(self) -> None:
        ctypes.memmove(self.memory.ctypes.data, self.plan, len(self.plan))
        address = ctypes.c_void_p(self.memory.ctypes.data)
        self._call("engine_check", address, len(self.plan), self.memory.nbytes)

    def _declare(self, tensors: Tensors) -> dict[str, int]:
        """The number of each stored weight that the plan reads."""
        numbers = {name: int(name.removeprefix("w")) for name in tensors if not name.endswith(".scale")}
        used = {n: number for n, number in numbers.items() if self.library.engine_weight_length(number)}
        for name, number in used.items():
            stored = tensors[name]
            # The engine refuses a form that it does not know.
            layout = _scale_layout(stored, tensors.get(f"{name}.scale"))
            self._call("engine_store", number, FORMS.get(stored.dtype.name, len(FORMS)), *layout)
        return used

    def _hand_over(self, call: str, number: int, values: NDArray[np.generic], ranges: int) -> None:
        content = np.ascontiguousarray(values).tobytes()
        for first in range(0, len(content), ranges):
            piece = content[first : first + ranges]
            self._call(call, number, first, piece, len(piece))

    def _run(self, threads: int) -> None:
        workers = [
            Thread(target=self.library.engine_run, args=(number, threads)) for number in range(1, threads)
        ]
        for worker in workers:
            worker.start()
        self._call("engine_run", 0, threads)
        for worker in workers:
            worker.join()

    def _call(self, name: str, *arguments: object) -> None:
        code = getattr(self.library, name)(*arguments)
        if code:
            raise EngineError(name, code)


def _scale_layout(stored: NDArray[np.generic], scale: NDArray[np.generic] | None) -> tuple[int, int]:
    """Channels and how many values in a row share a scale, as the engine is told."""
    if scale is None:
        return 1, 1
    if stored.dtype == np.uint8:
        return scale.shape[1], 1
    axis = next((axis for axis, side in enumerate(scale.shape) if side > 1), 0)
    return scale.size, int(np.prod(stored.shape[axis + 1 :]))


def _aligned(size: int) -> NDArray[np.uint8]:
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size]
