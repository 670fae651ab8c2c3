"""Converts models, or takes conversions of the same inputs from the cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch2web.assets import Assets
from torch2web.catalog import Materials, ModelSpec, ReferenceImage
from torch2web.errors import CheckpointError, NoPlanError, VerificationError
from torch2web.pipeline.fingerprint import fingerprint
from torch2web.pipeline.network_files import external_hashes
from torch2web.pipeline.own_pictures import OwnPictures
from torch2web.progress import StageCallback
from torch2web.site.manifest import Backends, Weights
from torch2web.store import CachedConversion, ConversionCache, sha256_of
from torch2web.verification import OwnImages

STEPS = 8
"""Calls of `step` for one model, at most."""

ACCURACY_STEPS = 4
"""More of them with labelled pictures: PyTorch and three variants."""

_JUDGES = ("relaxed", "plain")
"""Builds of the engine that judge a plan. Their twins with threads run the same code."""


@dataclass(frozen=True)
class Converted:
    """One model, verified. `seconds` is None where it came from the cache."""

    spec: ModelSpec
    weights: Weights
    conversion: CachedConversion
    seconds: float | None


@dataclass(frozen=True)
class Conversions:
    """How every model of a build is converted."""

    cache: ConversionCache
    assets: Assets
    materials: Materials
    images: Sequence[ReferenceImage]
    backends: Backends
    allow_dead: bool
    own_images: OwnImages | None = None
    """Pictures of `--images`, which models are judged on besides `images`."""

    def convert(self, spec: ModelSpec, checkpoint: Path | None, step: StageCallback) -> Converted:
        """Convert the weights of `checkpoint`, or the demo weights for None. Raises Torch2WebError."""
        OwnPictures(self.own_images, spec, step).require_measurable()
        path = checkpoint or self.materials.weights_file(spec.source.name)
        if not path.is_file():
            advice = "Build it from a checkpoint of its own with --checkpoints DIR."
            raise CheckpointError(path, f"there are no demo weights for {spec.source.name}", advice)
        weights = Weights(path.name, sha256_of(path), demo=checkpoint is None)
        # Without the compiled backend, a conversion that has a plan is as good as one that has none.
        entries = [
            self.cache.entry(spec.name, self._inputs(spec, path, weights, planned=planned))
            for planned in ((True,) if self.backends.with_engine else (True, False))
        ]
        for known in entries:
            if (cached := known.read()) is not None:
                return Converted(spec, weights, self._require_runnable(spec, cached), None)

        def on_stage(stage: str, done: int = 0, total: int = 0) -> None:
            step(f"{spec.title}: {stage}", done, total)

        on_stage("loading PyTorch")
        from torch2web.pipeline.convert import convert  # imports torch, which takes seconds

        for image in self.images:
            image.image.load()  # decoded once, as threads use it
        work = self.cache.begin(entries[-1])
        try:
            conversion = convert(
                spec,
                checkpoint,
                work,
                materials=self.materials,
                images=self.images,
                engine=self._modules() if self.backends.with_engine else None,
                allow_dead=self.allow_dead,
                own=self.own_images,
                on_stage=on_stage,
            )
            cached = self.cache.store(work, entries[-1], conversion.as_record())
        finally:
            self.cache.discard(work)
        return Converted(spec, weights, self._require_runnable(spec, cached), conversion.seconds)

    @cached_property
    def _own_fingerprint(self) -> str | None:
        return self.own_images.fingerprint() if self.own_images else None

    def _modules(self) -> dict[str, bytes]:
        """The engine's modules that judge a plan, by build."""
        paths = {build: self.assets.below(f"engine/{build}/") for build in _JUDGES}
        return {build: self.assets.read(path) for build, (path,) in paths.items()}

    def _inputs(self, spec: ModelSpec, path: Path, weights: Weights, *, planned: bool) -> dict[str, Any]:
        """Everything that a conversion depends on."""
        return {
            **fingerprint(spec.source),
            "spec": spec.as_dict(),
            "weights": weights.sha256,
            "external": external_hashes(path),
            "demo": weights.demo,
            "allow_dead": self.allow_dead,
            "images": [image.name for image in self.images],
            "own_images": self._own_fingerprint,
            "engine": self.assets.engine_version if planned else None,
        }

    def _require_runnable(self, spec: ModelSpec, conversion: CachedConversion) -> CachedConversion:
        """Raise NoPlanError or VerificationError for a model that the only backend cannot run."""
        if not self.backends.with_runtime and not conversion.record["plan"]:
            raise NoPlanError(spec.name, conversion.record["no_plan"])
        if not self.backends.with_engine and not conversion.record["graph"]:
            problem = f"in onnxruntime, {conversion.record['no_graph']}; --backend both or compiled builds it"
            raise VerificationError(spec.name, problem, {}, "")
        return conversion
