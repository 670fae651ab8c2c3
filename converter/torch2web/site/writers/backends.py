"""What runs models in the browser, as files of the site: onnxruntime-web, and the compiled engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.assets import (
    ENGINE_BUILDS,
    build_engine,
    check_engine_budgets,
    engine_version,
    runtime_files,
    runtime_version,
)
from torch2web.store import FileRecord, PartedFile, write_named, write_parts


@dataclass(frozen=True)
class RuntimeFiles:
    """What one build of onnxruntime-web consists of."""

    api: FileRecord
    glue: FileRecord
    wasm: PartedFile

    @property
    def all(self) -> tuple[FileRecord, ...]:
        return self.api, self.glue, *self.wasm.parts

    def as_dict(self) -> dict[str, Any]:
        return {"api": self.api.as_dict(), "glue": self.glue.as_dict(), "wasm": self.wasm.as_dict()}


@dataclass(frozen=True)
class Runtime:
    """The files of onnxruntime-web that the loader fetches."""

    version: str
    cpu: RuntimeFiles
    webgpu: RuntimeFiles
    """Fetched only by browsers with a graphics adapter, when they are about to try it."""

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return *self.cpu.all, *self.webgpu.all

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": "onnxruntime-web",
            "version": self.version,
            "files": self.cpu.as_dict(),
            "webgpu": self.webgpu.as_dict(),
        }


@dataclass(frozen=True)
class Engine:
    """The modules of the compiled backend, of which a browser fetches the one that fits it."""

    version: str
    modules: Mapping[str, PartedFile]
    """By `ENGINE_BUILDS`."""
    compressed: Mapping[str, int]
    """Bytes of each in brotli, by its name without a hash."""

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return tuple(part for module in self.modules.values() for part in module.parts)

    def as_dict(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "files": {build: module.as_dict() for build, module in self.modules.items()},
        }


def write_runtime(root: Path, max_file_size: int) -> Runtime:
    """Write onnxruntime-web's own files, unchanged but for their names."""

    def write(kind: str) -> RuntimeFiles:
        paths = runtime_files(kind)
        content = {role: path.read_bytes() for role, path in paths.items()}
        names = {role: f"onnxruntime/{path.stem}-*{path.suffix}" for role, path in paths.items()}
        return RuntimeFiles(
            api=write_named(root, names["api"], content["api"]),
            glue=write_named(root, names["glue"], content["glue"]),
            wasm=write_parts(root, names["wasm"], content["wasm"], max_file_size),
        )

    return Runtime(runtime_version(), write("cpu"), write("webgpu"))


def write_engine(root: Path, max_file_size: int, cache: Path) -> Engine:
    """Write the engine's modules. Raises ToolError, and BudgetError for one that grew too large."""
    contents = build_engine(cache)
    compressed = check_engine_budgets(contents)
    modules = {}
    for build, name in ENGINE_BUILDS.items():
        path = Path(name)
        modules[build] = write_parts(
            root, f"engine/{path.stem}-*{path.suffix}", contents[name], max_file_size
        )
    return Engine(engine_version(), modules, compressed)
