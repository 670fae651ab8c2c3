"""The engine compiled for this machine, driven as the page drives it: plan, weights in ranges, runs."""

import ctypes
import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SOURCES = Path(__file__).parents[2] / "web" / "engine"
FLAGS = ("-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-pthread")
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1")

FORMS = {"float32": 0, "float16": 1, "int8": 2, "uint8": 3}

Tensors = Mapping[str, NDArray[np.generic]]


class EngineError(Exception):
    def __init__(self, call: str, code: int) -> None:
        self.call, self.code = call, code
        super().__init__(f"{call} answered {code}")


def build_library(folder: Path, *flags: str) -> Path:
    """Compile every source into a shared library, once for the same sources."""
    sources = sorted(SOURCES.glob("*.c"))
    content = b"".join(path.read_bytes() for path in (*sources, *sorted(SOURCES.glob("*.h"))))
    key = hashlib.sha256(content + repr(flags).encode()).hexdigest()[:16]
    library = folder / f"engine-{key}.so"
    if not library.exists():
        made = folder / f"engine-{key}.{id(folder)}.tmp"
        subprocess.run(["gcc", *FLAGS, *flags, *map(str, sources), "-o", str(made), "-lm"], check=True)
        made.rename(library)
    return library


class Engine:
    """One plan in memory of its own."""

    def __init__(self, library: Path, plan: bytes) -> None:
        self.library = ctypes.CDLL(str(library))
        for name in ("engine_input", "engine_output", "engine_staging"):
            getattr(self.library, name).restype = ctypes.c_void_p
        for name in ("engine_size", "engine_stored_bytes", "engine_stored_scales"):
            getattr(self.library, name).restype = ctypes.c_uint32
        self.memory = _aligned(2 * len(plan) + 4096)
        self.plan = plan
        ctypes.memmove(self.memory.ctypes.data, plan, len(plan))
        self._call("engine_check", _address(self.memory), len(plan), self.memory.nbytes)

    def load(
        self, tensors: Tensors, numbers: Mapping[str, int], threads: int = 1, ranges: int = 1 << 20
    ) -> None:
        """Declare, place and unpack stored weights, at most `ranges` bytes at a time."""
        used = self.library.engine_weight_length
        names = [name for name in tensors if not name.endswith(".scale") and used(numbers[name])]
        for name in names:
            stored, scale = tensors[name], tensors.get(f"{name}.scale")
            channels, inner = scale_layout(stored, scale)
            self._call("engine_store", numbers[name], FORMS[stored.dtype.name], channels, inner)
        size = self.library.engine_size(threads)
        if not size:
            raise EngineError("engine_size", 0)
        memory = _aligned(size)
        memory[:] = 0xA5
        ctypes.memmove(memory.ctypes.data, self.plan, len(self.plan))
        self.memory = memory
        self._call("engine_check", _address(memory), len(self.plan), memory.nbytes)
        for name in names:
            stored, scale = tensors[name], tensors.get(f"{name}.scale")
            self._call("engine_store", numbers[name], FORMS[stored.dtype.name], *scale_layout(stored, scale))
        self._call("engine_place", memory.nbytes, threads)
        for name in names:
            for call, values in (
                ("engine_scale", tensors.get(f"{name}.scale")),
                ("engine_unpack", tensors[name]),
            ):
                if values is None:
                    continue
                content = np.ascontiguousarray(values).tobytes()
                for first in range(0, len(content), ranges):
                    piece = content[first : first + ranges]
                    self._call(call, numbers[name], first, piece, len(piece))
        self._call("engine_ready")

    def run(
        self, x: NDArray[np.float32], output_shape: Sequence[int], threads: int = 1
    ) -> NDArray[np.float32]:
        x = np.ascontiguousarray(x, np.float32)
        if x.size != self.library.engine_input_length():
            raise EngineError("engine_input_length", x.size)
        ctypes.memmove(self.library.engine_input(), x.ctypes.data, x.nbytes)
        self._run(threads)
        y = np.empty(output_shape, np.float32)
        if y.size != self.library.engine_output_length():
            raise EngineError("engine_output_length", y.size)
        ctypes.memmove(y.ctypes.data, self.library.engine_output(), y.nbytes)
        return y

    def _run(self, threads: int) -> None:
        from threading import Thread

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


def scale_layout(stored: NDArray[np.generic], scale: NDArray[np.generic] | None) -> tuple[int, int]:
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


def _address(memory: NDArray[np.uint8]) -> ctypes.c_void_p:
    return ctypes.c_void_p(memory.ctypes.data)
