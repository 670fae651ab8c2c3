"""What pages preload for their first answer: one file with all that is small, and parts of the weights."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.site.manifest import Engine, ModelRecord
from torch2web.site.writers.manifest_files import ManifestFiles
from torch2web.store import FileRecord, PartedFile, integrity, write_named

MAX_PARTS = 4
"""Parts of weights that are preloaded: as many as the loader requests at a time."""

MAX_MODELS = 8
"""Models whose parts are listed in scripts that serve all models of a site."""

_BUILDS = {
    "relaxed": ("relaxed",),
    "plain": ("plain",),
    "relaxed_threads": ("relaxed_threads", "relaxed"),
    "plain_threads": ("plain_threads", "plain"),
}
"""Builds of the engine that a browser needs, by the first one."""

LARGE = 10_000_000
"""Bytes over which the page asks before it downloads a model, as in web/page/networks.ts."""


@dataclass(frozen=True)
class StartFiles:
    """Manifest, engine and plan of the first model in one file, which a page can request at once.

    The loader takes them out by path and checks each as if it had requested it.
    """

    starts: Mapping[str, FileRecord]
    """By build of the engine; the same file for all where the first model has no plan."""
    modules: tuple[FileRecord, ...]
    """Scripts that every model needs besides the loader."""
    parts: Mapping[str, Sequence[FileRecord]]
    """First parts of the default weights by model."""

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return tuple({file.path: file for file in self.starts.values()}.values())

    def as_json(self, names: Sequence[str]) -> str:
        """What a script needs to preload one of the models `names`; safe inside of `<script>`."""
        wanted: dict[str, Any] = {
            "start": {build: _link(file) for build, file in self.starts.items()},
            "modules": [(file.path, integrity(file.sha256)) for file in self.modules],
            "parts": {
                name: [(*_link(part), part.sha256) for part in self.parts[name]]
                for name in names[:MAX_MODELS]
            },
        }
        return json.dumps(wanted).replace("<", "\\u003c")


def write_start(
    root: Path,
    manifest: ManifestFiles,
    engine: Engine | None,
    models: Sequence[ModelRecord],
    modules: tuple[FileRecord, ...],
) -> StartFiles:
    """Write the start files of a site whose other files are already in `root`."""

    def write(builds: Sequence[str]) -> FileRecord:
        small = [manifest.manifest, *manifest.lookups.get(models[0].spec.name, ())]
        if engine and (plan := models[0].plan):
            small += [part for name in builds for part in _whole(engine.modules[name])]
            small += _whole(plan)
        contents = [(root / file.path).read_bytes() for file in small]
        listing = json.dumps([[file.path, file.size] for file in small])
        return write_named(root, "start-*.bin", b"\n".join([listing.encode(), b"".join(contents)]))

    parts = {}
    for model in models:
        first, *others = model.default.weights.parts[:MAX_PARTS]
        # The first is the one by which scripts know whether a visitor has the model.
        lookups = manifest.lookups.get(model.spec.name, ()) if model is not models[0] else ()
        parts[model.spec.name] = (first, *lookups, *others)
    # Where there are threads, the loader compares them with one.
    starts = {build: write(builds) for build, builds in _BUILDS.items()}
    return StartFiles(starts, modules, parts)


def _whole(file: PartedFile) -> tuple[FileRecord, ...]:
    """A file of one part; larger ones are left to the loader."""
    return file.parts if len(file.parts) == 1 else ()


def _link(file: FileRecord) -> tuple[str, int]:
    return file.path, file.size
