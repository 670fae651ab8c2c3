"""The engine's WebAssembly module in wasmtime: the same bytes that a site contains."""

import ctypes
from functools import cache
from typing import Any

import wasmtime

from torch2web.assets import ENGINE_EXPORTS
from torch2web.errors import ToolError
from torch2web.plan.engine_driver import EngineDriver, EngineError

_PAGE = 65536
_FIRST_PAGES = 16
"""Initial memory of the modules, in pages."""
_MAX_PIECE = 2**22


class EngineTrapError(EngineError):
    """WebAssembly trap: an address outside the memory, or an instruction that cannot be executed."""

    def __init__(self, problem: str) -> None:
        Exception.__init__(self, problem)


class WasmEngine(EngineDriver):
    """One plan in an instance of a single-threaded module. Not thread-safe."""

    def __init__(self, module: bytes, plan: bytes) -> None:
        """Check `plan`. Raises EngineError, or ToolError for a module that is not the engine."""
        self.module = module
        compiled = _compile(module)
        self._store = wasmtime.Store(compiled.engine)
        try:
            limits = wasmtime.Limits(_FIRST_PAGES, None)
            self._memory = wasmtime.Memory(self._store, wasmtime.MemoryType(limits))
            instance = wasmtime.Instance(self._store, compiled.module, [self._memory])
        except wasmtime.WasmtimeError as error:
            raise ToolError("wasmtime", f"the engine cannot be instantiated: {_first_line(error)}") from error
        self._exports = instance.exports(self._store)
        if lacking := [
            name for name in ENGINE_EXPORTS if not isinstance(self._exports.get(name), wasmtime.Func)
        ]:
            problem = f"found a module without {', '.join(lacking[:3])}, expected the engine"
            raise ToolError("wasmtime", problem)
        super().__init__(plan)

    def _invoke(self, name: str, *arguments: int) -> int:
        function: Any = self._exports[name]
        try:
            answer = function(self._store, *(_signed(value) for value in arguments))
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise EngineTrapError(f"{name} trapped: {_first_line(error)}") from error
        if not isinstance(answer, int):
            raise EngineTrapError(f"{name} returned {answer!r}, expected a number")
        return answer & 0xFFFFFFFF

    def _reserve(self, size: int) -> tuple[int, int]:
        base = self._invoke("engine_base")
        missing = -(-(base + size) // _PAGE) - self._memory.size(self._store)
        if missing > 0:
            try:
                self._memory.grow(self._store, missing)
            except wasmtime.WasmtimeError as error:
                raise EngineTrapError(f"memory cannot grow to {size:,} bytes") from error
        return base, self._memory.data_len(self._store) - base

    def _stage(self, content: bytes) -> int:
        address = self._invoke("engine_staging")
        self._write(address, content)
        return address

    def _largest_piece(self, ranges: int) -> int:
        # Whole elements, whatever their type.
        return max(min(ranges, self._invoke("engine_staging_bytes"), _MAX_PIECE) // 16 * 16, 16)

    def _write(self, address: int, content: memoryview | bytes) -> None:
        length = content.nbytes if isinstance(content, memoryview) else len(content)
        self._require_inside(address, length)
        target = (ctypes.c_ubyte * length).from_address(self._start + address)
        memoryview(target).cast("B")[:] = memoryview(content).cast("B")

    def _read(self, address: int, length: int) -> bytes:
        self._require_inside(address, length)
        return ctypes.string_at(self._start + address, length)

    @property
    def _start(self) -> int:
        """Address of the memory in this process; changes when the memory grows."""
        return ctypes.cast(self._memory.data_ptr(self._store), ctypes.c_void_p).value or 0

    def _require_inside(self, address: int, length: int) -> None:
        if not 0 <= address <= self._memory.data_len(self._store) - length:
            raise EngineTrapError(f"found {length} bytes at address {address}, outside the engine's memory")


class _Compiled:
    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
        self.engine, self.module = engine, module


@cache
def _compile(module: bytes) -> _Compiled:
    """Compile a module, once per process."""
    try:
        config = wasmtime.Config()
        config.wasm_simd = True
        config.wasm_relaxed_simd = True
        engine = wasmtime.Engine(config)
        return _Compiled(engine, wasmtime.Module(engine, module))
    except wasmtime.WasmtimeError as error:
        raise ToolError("wasmtime", f"the engine cannot be compiled: {_first_line(error)}") from error


def _signed(value: int) -> int:
    return value - 2**32 if value >= 2**31 else value


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
