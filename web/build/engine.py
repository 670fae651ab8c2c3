"""Compiles the engine in web/engine/ to WebAssembly with `zig cc` (the PyPI package ziglang).

Four modules, since a module cannot ask for relaxed SIMD or for shared memory only where the browser has it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from torch2web.assets import ENGINE_EXPORTS
from torch2web.errors import ToolError
from torch2web.store import cached_files, map_parallel, sha256_of_sources

ENGINE = Path(__file__).parents[1] / "engine"

STACK_BYTES = 65536
"""Of the first thread, at the bottom of the memory, where running over its end is a trap."""

MAX_SHARED_BYTES = 65535 * 65536
"""What a shared memory may grow to, at most: 4 GiB less a page."""


_WARNINGS = ("-std=c11", "-Wall", "-Wextra")
# No contraction: `a * b + c` rounds twice unless the code uses the fused form explicitly.
# Hot loops are vectorised and unrolled by hand: LLVM's vectoriser would add 3 KB in brotli without a gain.
_CODE = (
    "-O2",
    "-fno-vectorize",
    "-fno-slp-vectorize",
    "-fno-unroll-loops",
    "-g0",
    "-ffp-contract=off",
    "-fno-sanitize=all",
)


@dataclass(frozen=True)
class Module:
    """One of the WebAssembly builds."""

    name: str
    relaxed: bool
    """Uses relaxed SIMD: a product and sum that rounds once, where the machine has one."""
    shared: bool
    """Imports a shared memory, for threads."""

    @property
    def build(self) -> str:
        """Its name in the manifest."""
        return f"{'relaxed' if self.relaxed else 'plain'}{'_threads' * self.shared}"

    @property
    def features(self) -> str:
        relaxed = "+relaxed_simd" if self.relaxed else ""
        shared = "+atomics" if self.shared else ""
        # Bulk memory is needed to initialise shared memory; copies in the code do not use it.
        return f"mvp+simd128{relaxed}{shared}+bulk_memory+mutable_globals+sign_ext+nontrapping_fptoint"


MODULES = tuple(
    Module(f"engine{'-relaxed' * relaxed}{'-threads' * shared}.wasm", relaxed, shared)
    for relaxed in (True, False)
    for shared in (False, True)
)


ENGINE_BUILDS = {module.build: module.name for module in MODULES}
"""File names of the modules by their build's name in the manifest."""


def engine_sources() -> list[Path]:
    """The C files of the engine, sorted."""
    return sorted(ENGINE.rglob("*.c"))


def kernel_sources() -> list[Path]:
    """The kernels, which do not depend on plans."""
    return sorted((ENGINE / "kernels").rglob("*.c"))


def include_flags() -> list[str]:
    """Every folder of the kernels, whose headers are included by name."""
    return [f"-I{folder}" for folder in sorted({path.parent for path in (ENGINE / "kernels").rglob("*.h")})]


def build_engine(cache: Path) -> Mapping[str, bytes]:
    """The engine's modules by file name, kept in `cache` between builds. Raises ToolError."""

    def make(folder: Path) -> None:
        sources = engine_sources()
        map_parallel(
            lambda module: compile_module(folder / module.name, sources, ENGINE_EXPORTS, module), MODULES
        )

    return cached_files(cache, "engine", _modules_key(), make)


def compile_module(target: Path, sources: Sequence[Path], exports: Sequence[str], module: Module) -> None:
    """Compile and link `sources`, which see the engine's headers, to `target`. Raises ToolError."""
    shared = ("-Wl,--shared-memory", f"-Wl,--max-memory={MAX_SHARED_BYTES}") if module.shared else ()
    zig_cc(
        [
            "-target",
            "wasm32-freestanding",
            f"-mcpu={module.features}",
            "-nostdlib",
            *map(str, sources),
            "-Wl,--no-entry",
            "-Wl,--import-memory",
            *shared,
            f"-Wl,-z,stack-size={STACK_BYTES}",
            "-Wl,--strip-all",
            *(f"-Wl,--export={name}" for name in (*exports, "__stack_pointer")),
            "-o",
            str(target),
        ]
    )


def _modules_key() -> str:
    return sources_key(*(module.features for module in MODULES), *ENGINE_EXPORTS)


def sources_key(*more: str) -> str:
    sources = sha256_of_sources(ENGINE, sorted(ENGINE.rglob("*.[ch]")))
    this = sha256_of_sources(Path(__file__).parent, [Path(__file__)])
    try:
        compiler = version("ziglang")
    except PackageNotFoundError:  # running it fails with a clear error
        compiler = ""
    return "\0".join([sources, this, compiler, *more])


def zig_cc(arguments: Sequence[str]) -> None:
    # A temporary cache: zig's default one would grow in the home directory.
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder}
        result = subprocess.run(
            [
                sys.executable,
                "-m",
                "ziglang",
                "cc",
                *_WARNINGS,
                *_CODE,
                *include_flags(),
                *arguments,
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if result.returncode:
        problem = f"failed with exit code {result.returncode}"
        raise ToolError("zig cc", problem, result.stdout)
