"""The engine compiled by zig, like the modules of a site, but as a shared library for this machine."""

import ctypes
import platform
import sys
import tempfile
from pathlib import Path

from torch2web.store.cached_folder import cached_files
from web.build.engine import engine_sources, sources_key, zig_cc


def native_engine(cache: Path) -> ctypes.CDLL:
    """The engine and its kernels, a new copy per call. Raises ToolError."""

    def make(folder: Path) -> None:
        # Baseline instructions only: caches are copied between machines.
        options = ["-mcpu=baseline", "-shared", "-fPIC", "-nostdlib"]
        zig_cc([*options, *map(str, engine_sources()), "-o", str(folder / "engine.so")])

    key = sources_key(sys.platform, platform.machine())
    content = cached_files(cache, "native-engine", key, make)["engine.so"]
    # One copy per engine, since a plan's state is in the library's memory.
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "engine.so"
        library.write_bytes(content)
        return ctypes.CDLL(str(library))
