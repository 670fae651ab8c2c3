"""The encoder and the decoder, WebAssembly in wasmtime: quick, and the same on every machine."""

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from torch2web.assets import load_assets
from torch2web.coding.table import LANES, Table

if TYPE_CHECKING:
    import wasmtime

_PAGE = 65536


class _Instance:
    """An instance of one of the modules. Not thread-safe."""

    def __init__(self, name: str) -> None:
        import wasmtime

        engine, module = _compiled(name)
        self._store = wasmtime.Store(engine)
        exports: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
        self._exports = exports
        self._memory: wasmtime.Memory = exports["memory"]
        self._base = (int(exports["__heap_base"].value(self._store)) + 15) & ~15

    def reserve(self, size: int) -> int:
        """Address of `size` free bytes."""
        missing = -(-(self._base + size - self._memory.data_len(self._store)) // _PAGE)
        if missing > 0:
            self._memory.grow(self._store, missing)
        return self._base

    def call(self, name: str, *arguments: int) -> int:
        result: int = self._exports[name](self._store, *arguments)
        return result & 0xFFFFFFFF

    def write(self, address: int, content: bytes) -> None:
        ctypes.memmove(self._start + address, content, len(content))

    def read(self, address: int, size: int) -> bytes:
        return ctypes.string_at(self._start + address, size)

    @property
    def _start(self) -> int:
        """Address of the memory in this process; changes when the memory grows."""
        return ctypes.cast(self._memory.data_ptr(self._store), ctypes.c_void_p).value or 0


class Encoder:
    """Encodes planes. Not thread-safe."""

    def __init__(self) -> None:
        self._instance = _Instance("encoder.wasm")

    def encode(self, plane: NDArray[np.uint8], table: Table) -> bytes:
        """States and words of `plane`, all of whose bytes have a frequency in `table`."""
        frequencies = table.frequencies.astype("<u4").tobytes()
        room = 2 * len(plane) + 4 * LANES
        at = self._instance.reserve(len(frequencies) + len(plane) + room)
        content = at + len(frequencies)
        end = content + len(plane) + room
        self._instance.write(at, frequencies)
        self._instance.write(content, plane.tobytes())
        start = self._instance.call("encode", content, len(plane), at, table.first, table.bits, end)
        return self._instance.read(start, end - start)


class Decoder:
    """Decodes parts. Not thread-safe."""

    def __init__(self) -> None:
        self._instance = _Instance("decoder.wasm")

    def decode(self, coded: bytes, decoded: int) -> bytes | None:
        """The `decoded` bytes of a part; None where `coded` is damaged."""
        at = self._instance.reserve(len(coded) + decoded)
        self._instance.write(at, coded)
        if self._instance.call("decode", at, len(coded), at + len(coded), decoded):
            return None
        return self._instance.read(at + len(coded), decoded)


@cache
def _compiled(name: str) -> "tuple[wasmtime.Engine, wasmtime.Module]":
    """Compile a module, once per process. Raises AssetsError."""
    import wasmtime

    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, load_assets().read(f"coder/{name}"))
