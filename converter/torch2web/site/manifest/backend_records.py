"""Records of the inference backends: onnxruntime-web, and the compiled engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch2web.store import FileRecord, PartedFile


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


ENGINE_INTERFACE = 1
"""Version of the engine's calls (web/engine/README.md) and of the encodings of weights.

A change that a loader of before could not follow needs another number, here and in the loader.
"""


@dataclass(frozen=True)
class Engine:
    """The modules of the compiled backend, of which a browser fetches the one that fits it."""

    version: str
    modules: Mapping[str, PartedFile]
    """By build: relaxed, plain, relaxed_threads and plain_threads."""

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return tuple(part for module in self.modules.values() for part in module.parts)

    def as_dict(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "interface": ENGINE_INTERFACE,
            "files": {build: module.as_dict() for build, module in self.modules.items()},
        }
