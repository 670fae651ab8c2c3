"""Converts models, or takes conversions of the same inputs from the cache."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from torch2web.assets import Assets, load_assets
from torch2web.catalog import Materials, ModelSpec, ReferenceImage, Source
from torch2web.catalog.default import default_materials
from torch2web.errors import CheckpointError, NoPlanError, VerificationError
from torch2web.pipeline.keys import fingerprint, kept_images
from torch2web.pipeline.network_files import external_hashes
from torch2web.pipeline.own_pictures import OwnPictures
from torch2web.pipeline.remote_checkpoints import fetch, require_pinned
from torch2web.progress import StageCallback
from torch2web.site.manifest import Backends, Weights
from torch2web.store import CachedConversion, ConversionCache, Entry, sha256_of
from torch2web.verification import OwnImages, find_images

STEPS = 9
"""Calls of `step` for one model, at most."""

ACCURACY_STEPS = 5
"""More of them with labelled pictures: PyTorch and four variants."""

_JUDGES = ("relaxed", "plain")
"""Builds of the engine that judge a plan. Their twins with threads run the same code."""


_SHOWN = ("license", "output", "recommended", "sha256", "title", "version")
"""What a catalogue says of a model that no number depends on."""


@dataclass(frozen=True)
class Converted:
    """One model, verified. `seconds` is None where it came from the cache."""

    spec: ModelSpec
    weights: Weights
    conversion: CachedConversion
    seconds: float | None


@dataclass(frozen=True)
class ConversionSettings:
    """What Conversions are created from, in any process."""

    cache: Path
    backends: Backends
    allow_dead: bool
    faces: bool
    """Whether models are judged on drawn faces, or on pictures of nothing in particular."""
    images: Path | None = None
    """Folder of `--images`."""
    search: bool = False
    """Whether to search the variant `compact`."""


@dataclass(frozen=True)
class Conversions:
    """How every model of a build is converted."""

    cache: ConversionCache
    cache_folder: Path
    """What else is kept between builds."""
    assets: Assets
    materials: Materials
    images: Sequence[ReferenceImage]
    backends: Backends
    allow_dead: bool
    search: bool
    """Whether to search the variant `compact`."""
    own_images: OwnImages | None = None
    """Pictures of `--images`, which models are judged on besides `images`."""
    _hashes: dict[tuple[Path, int, int], str] = field(default_factory=dict, init=False, repr=False)
    _fingerprints: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def create(cls, settings: ConversionSettings) -> "Conversions":
        """Read the assets, and draw the reference images unless they are kept. Raises AssetsError and
        OwnImagesError."""
        materials = default_materials()
        return cls(
            cache=ConversionCache(settings.cache / "models"),
            cache_folder=settings.cache,
            assets=load_assets().keeping(settings.cache / "unpacked"),
            materials=materials,
            images=kept_images(settings.cache, materials, faces=settings.faces),
            backends=settings.backends,
            allow_dead=settings.allow_dead,
            search=settings.search,
            own_images=find_images(settings.images) if settings.images else None,
        )

    def cached(self, spec: ModelSpec, checkpoint: Path | None) -> Converted | None:
        """The conversion of the weights of `checkpoint`, or the demo weights for None; None if it is new.

        Raises Torch2WebError for a file that is missing or not the pinned one, and for a model that the only
        backend cannot run.
        """
        OwnPictures(self.own_images, spec, _silent).require_measurable()
        weights = self.weights_of(spec, checkpoint)
        for entry in self._entries(spec, checkpoint, weights):
            if (found := entry.read()) is not None:
                return self.require_runnable(Converted(spec, weights, found, None))
        return None

    def look_at(self, spec: ModelSpec, checkpoint: Path | None, step: StageCallback) -> None:
        """Read the checkpoint and compare it with its network, which is not run. Raises Torch2WebError."""
        step(f"{spec.title}: looking at the checkpoint")
        from torch2web.sources import check_source  # imports torch, which takes seconds

        if spec.is_remote and checkpoint:
            fetch(spec, checkpoint)
        check_source(spec, checkpoint, self.materials)

    def convert(self, spec: ModelSpec, checkpoint: Path | None, step: StageCallback) -> Converted:
        """Convert the weights of `checkpoint`, or the demo weights for None, unless the cache has the result.

        Raises Torch2WebError.
        """
        if (known := self.cached(spec, checkpoint)) is not None:
            return known

        def on_stage(stage: str, done: int = 0, total: int = 0) -> None:
            step(f"{spec.title}: {stage}", done, total)

        if spec.is_remote and checkpoint:
            if not checkpoint.is_file():
                on_stage(f"fetching {checkpoint.name}")
            fetch(spec, checkpoint)
        is_onnx = checkpoint is not None and checkpoint.suffix.lower() == ".onnx"
        on_stage(f"loading {'onnxruntime' if is_onnx else 'PyTorch'}")
        from torch2web.pipeline.conversion import convert  # imports torch, which takes seconds

        for image in self.images:
            image.image.load()  # decoded once, as threads use it
        weights = self.weights_of(spec, checkpoint)
        entry = self.entry(spec, checkpoint)
        work = self.cache.begin(entry)
        try:
            conversion = convert(
                spec,
                checkpoint,
                work,
                materials=self.materials,
                images=self.images,
                engine=self._modules() if self.backends.with_engine else None,
                allow_dead=self.allow_dead,
                search=self.search,
                own=self.own_images,
                on_stage=on_stage,
            )
            cached = self.cache.store(work, entry, conversion.as_record())
        finally:
            self.cache.discard(work)
        return self.require_runnable(Converted(spec, weights, cached, conversion.seconds))

    def entry(self, spec: ModelSpec, checkpoint: Path | None) -> Entry:
        """The entry of the cache that a new conversion is stored as."""
        *_, last = self._entries(spec, checkpoint, self.weights_of(spec, checkpoint))
        return last

    def weights_of(self, spec: ModelSpec, checkpoint: Path | None) -> Weights:
        """Name and SHA-256 of the weights. Raises CheckpointError for a file that is not the pinned one."""
        path = checkpoint or self.materials.weights_file(spec.source.name)
        if spec.is_remote and checkpoint:
            return Weights(path.name, spec.sha256, demo=False)
        found = self._hash(path)
        require_pinned(spec, path, found)
        return Weights(path.name, found, demo=checkpoint is None)

    def _hash(self, path: Path) -> str:
        """SHA-256 of the file, read once as long as it stays as it is. Raises CheckpointError."""
        try:
            status = path.stat()
            key = path, status.st_size, status.st_mtime_ns
            if key not in self._hashes:
                self._hashes[key] = sha256_of(path)
        except FileNotFoundError as error:
            raise CheckpointError(path, "there is no such file; the catalogue names it") from error
        except OSError as error:
            raise CheckpointError(path, f"it cannot be read: {error.strerror}") from error
        return self._hashes[key]

    def _entries(self, spec: ModelSpec, checkpoint: Path | None, weights: Weights) -> Iterator[Entry]:
        """Entries that hold the conversion. Without the compiled backend, one with a plan is as good."""
        for planned in (True,) if self.backends.with_engine else (True, False):
            yield self.cache.entry(spec.name, self.inputs(spec, checkpoint, weights, planned=planned))

    @cached_property
    def _own_fingerprint(self) -> str | None:
        return self.own_images.fingerprint() if self.own_images else None

    def _modules(self) -> dict[str, bytes]:
        """The engine's modules that judge a plan, by build."""
        paths = {build: self.assets.below(f"engine/{build}/") for build in _JUDGES}
        return {build: self.assets.read(path) for build, (path,) in paths.items()}

    def inputs(
        self, spec: ModelSpec, checkpoint: Path | None, weights: Weights, *, planned: bool
    ) -> dict[str, Any]:
        """Everything that a conversion depends on: not what only the manifest and the pages say."""
        entry = {key: value for key, value in spec.as_dict().items() if key not in _SHOWN}
        if self._own_fingerprint is None:  # else pictures in folders named like labels measure accuracy
            entry["labels"] = len(spec.labels)
        path = checkpoint or self.materials.weights_file(spec.source.name)
        if spec.is_remote:
            entry["checkpoint"] = path.name
        return {
            **self._fingerprint(spec.source),
            "spec": entry,
            "weights": weights.sha256,
            "external": {} if spec.is_remote else external_hashes(path),
            "demo": weights.demo,
            "drawn": self.materials.fit([spec.labels]),
            "allow_dead": self.allow_dead,
            "search": self.search,
            "images": [image.name for image in self.images],
            "own_images": self._own_fingerprint,
            "coder": self.assets.coder_version,
            "engine": self.assets.engine_version if planned else None,
        }

    def _fingerprint(self, source: Source) -> dict[str, Any]:
        """Computed once for models of one network."""
        key = source.kind, source.name
        if key not in self._fingerprints:
            self._fingerprints[key] = fingerprint(source, self.cache_folder)
        return self._fingerprints[key]

    def require_runnable(self, model: Converted) -> Converted:
        """Raise NoPlanError or VerificationError for a model that the only backend cannot run."""
        name, record = model.spec.name, model.conversion.record
        if not self.backends.with_runtime and not record["plan"]:
            raise NoPlanError(name, record["no_plan"])
        if not self.backends.with_engine and not record["graph"]:
            problem = f"in onnxruntime, {record['no_graph']}; --backend both or compiled builds it"
            raise VerificationError(name, problem, {}, "")
        return model


def _silent(_stage: str, _done: int = 0, _total: int = 0) -> None:
    """Reports nothing."""
