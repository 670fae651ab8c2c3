"""Writes the inference backends: onnxruntime-web, and the engine of the compiled backend."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch2web.assets import Assets
from torch2web.site.manifest import Delivery, Engine, ModelRecord, Runtime, RuntimeFiles
from torch2web.store import FileRecord, write_named, write_parts


@dataclass(frozen=True)
class BackendFiles:
    """The backends that a site has."""

    runtime: Runtime | None
    engine: Engine | None

    @property
    def starting(self) -> tuple[FileRecord, ...]:
        """Scripts that the loader imports before it runs anything."""
        return (self.runtime.cpu.api, self.runtime.cpu.glue) if self.runtime else ()

    @property
    def files(self) -> tuple[FileRecord, ...]:
        runtime = self.runtime.files if self.runtime else ()
        return (*runtime, *(self.engine.files if self.engine else ()))


def write_backends(
    root: Path, assets: Assets, models: Sequence[ModelRecord], delivery: Delivery
) -> BackendFiles:
    """Write the backends that `delivery` names; no engine where no model has a plan for it to run."""
    planned = any(model.plan for model in models)
    size = delivery.max_file_size
    return BackendFiles(
        runtime=_write_runtime(root, assets, size) if delivery.backends.with_runtime else None,
        engine=_write_engine(root, assets, size) if planned else None,
    )


def _write_runtime(root: Path, assets: Assets, max_file_size: int) -> Runtime:
    """onnxruntime-web's own files, unchanged but for their names."""

    def write(kind: str) -> RuntimeFiles:
        by_role = {}
        for path in assets.below(f"onnxruntime/{kind}/"):
            *_, role, name = path.split("/")
            by_role[role] = (_hashed_name("onnxruntime", name), assets.read(path))
        return RuntimeFiles(
            api=write_named(root, *by_role["api"]),
            glue=write_named(root, *by_role["glue"]),
            wasm=write_parts(root, *by_role["wasm"], max_file_size),
        )

    return Runtime(assets.runtime_version, write("cpu"), write("webgpu"))


def _write_engine(root: Path, assets: Assets, max_file_size: int) -> Engine:
    modules = {}
    for path in assets.below("engine/"):
        _, build, name = path.split("/")
        modules[build] = write_parts(root, _hashed_name("engine", name), assets.read(path), max_file_size)
    return Engine(assets.engine_version, modules)


def _hashed_name(folder: str, name: str) -> str:
    """Path of an asset in the site, with an asterisk where its hash goes."""
    return f"{folder}/{Path(name).stem}-*{Path(name).suffix}"
