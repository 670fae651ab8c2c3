"""The engine as a native library: for sanitizers and for runs on several threads."""

import ctypes
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from torch2web.plan.engine_driver import EngineDriver


class NativeEngine(EngineDriver):
    """One plan in its own memory. Only the newest instance of one `library` works, as in a page's module."""

    _CHECK_ROOM = 4096

    def __init__(self, library: ctypes.CDLL, plan: bytes) -> None:
        self.library = library
        for name in ("engine_input", "engine_output", "engine_staging"):
            getattr(library, name).restype = ctypes.c_void_p
        for name in ("engine_size", "engine_stored_bytes", "engine_stored_scales"):
            getattr(library, name).restype = ctypes.c_uint32
        super().__init__(plan)

    def _invoke(self, name: str, *arguments: int) -> int:
        # Addresses need all 64 bits; other integers fit an int.
        wide = [value if abs(value) < 2**31 else ctypes.c_void_p(value) for value in arguments]
        if name == "engine_check":
            wide = [ctypes.c_void_p(arguments[0]), *arguments[1:]]
        answer: int = getattr(self.library, name)(*wide)
        return answer

    def _reserve(self, size: int) -> tuple[int, int]:
        self.memory = _aligned(size)
        self.memory[:] = 0xA5  # the engine must not rely on zeros
        return self.memory.ctypes.data, self.memory.nbytes

    def _stage(self, content: bytes) -> int:
        self._staged = ctypes.create_string_buffer(content, len(content))
        return ctypes.addressof(self._staged)

    def _write(self, address: int, content: memoryview | bytes) -> None:
        length = content.nbytes if isinstance(content, memoryview) else len(content)
        ctypes.memmove(address, bytes(content), length)

    def _read(self, address: int, length: int) -> bytes:
        return ctypes.string_at(address, length)

    def _run(self, threads: int) -> None:
        workers = [
            Thread(target=self.library.engine_run, args=(number, threads)) for number in range(1, threads)
        ]
        for worker in workers:
            worker.start()
        super()._run(threads)
        for worker in workers:
            worker.join()


def _aligned(size: int) -> NDArray[np.uint8]:
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size]
