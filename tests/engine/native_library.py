"""The engine compiled for this machine by zig, as sites' modules are, but as a shared library."""

import ctypes
import platform
import sys
import tempfile
from pathlib import Path

from torch2web.store.cached_folder import cached_files
from web.build.engine import engine_sources, sources_key, zig_cc


def native_engine(cache: Path) -> ctypes.CDLL:
    """The engine and its kernels, a new copy each call. Raises ToolError."""

    def make(folder: Path) -> None:
        # No instructions that only this processor has: caches travel from one machine to the next.
        options = ["-mcpu=baseline", "-shared", "-fPIC", "-nostdlib"]
        zig_cc([*options, *map(str, engine_sources()), "-o", str(folder / "engine.so")])

    key = sources_key(sys.platform, platform.machine())
    content = cached_files(cache, "native-engine", key, make)["engine.so"]
    # A copy each, since the engine keeps the state of a plan in the library's memory.
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "engine.so"
        library.write_bytes(content)
        return ctypes.CDLL(str(library))
