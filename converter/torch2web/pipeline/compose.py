"""Composes the stages: catalogue → checkpoints → conversions → site. The only module that does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch2web.assets import engine_version, install_node_modules, native_engine
from torch2web.catalog import Materials, ModelSpec, load_catalog
from torch2web.catalog.default import default_materials
from torch2web.errors import CheckpointError, NoPlanError
from torch2web.pipeline.fingerprint import fingerprint
from torch2web.progress import ProgressCallback
from torch2web.site import Bundle, full_disk_explained, require_replaceable, write_site
from torch2web.site.manifest import Backends, Delivery, ModelRecord, Weights
from torch2web.site.writers import place_model
from torch2web.store import ConversionCache, Kept, sha256_of, swapped_in

_STEPS_PER_MODEL = 7


@dataclass(frozen=True)
class BuildOptions:
    """What `python build.py` was asked for."""

    checkpoints: Path | None
    """Folder of the checkpoints; None builds with the demo weights."""
    catalog: Path
    only: tuple[str, ...]
    out: Path
    cache: Path
    allow_dead: bool
    delivery: Delivery = field(default_factory=Delivery)


@dataclass(frozen=True)
class BuiltModel:
    """One model of the site; `seconds` is None where its conversion was kept from an earlier build."""

    record: ModelRecord
    seconds: float | None


@dataclass(frozen=True)
class BuildReport:
    models: tuple[BuiltModel, ...]
    bundle: Bundle


@dataclass(frozen=True)
class _Converted:
    spec: ModelSpec
    weights: Weights
    kept: Kept
    seconds: float | None


def build(options: BuildOptions, show: ProgressCallback) -> BuildReport:
    """Convert and verify every model, then write the site in one step.

    Raises Torch2WebError; the site that was there before is then as it was.
    """
    require_replaceable(options.out)
    specs = load_catalog(options.catalog, options.only)
    materials = default_materials()
    checkpoints = _find_checkpoints(options.checkpoints, specs)
    cache = ConversionCache(options.cache / "models")
    done, total = 0, len(specs) * _STEPS_PER_MODEL + 2

    def step(text: str) -> None:
        nonlocal done
        show(text, done, total)
        done += 1

    converted = []
    for index, (spec, checkpoint) in enumerate(zip(specs, checkpoints, strict=True)):
        done = index * _STEPS_PER_MODEL
        with full_disk_explained(options.cache):
            converted.append(_convert(spec, checkpoint, materials, cache, options, step))
    done = total - 2
    step("Installing what runs in the browser")
    install_node_modules()
    step("Writing the site")
    with full_disk_explained(options.out), swapped_in(options.out) as root:
        records = [
            place_model(root, model.spec, model.weights, model.kept, options.delivery) for model in converted
        ]
        generator = f"torch2web {version('torch2web')}"
        bundle = write_site(root, generator, records, options.cache, options.delivery, materials)
        require_replaceable(options.out)  # once more: the build took a while
    built = zip(records, converted, strict=True)
    return BuildReport(tuple(BuiltModel(record, model.seconds) for record, model in built), bundle)


def _find_checkpoints(folder: Path | None, specs: tuple[ModelSpec, ...]) -> list[Path | None]:
    """The file of each model, or None for each where no folder was given. All must be there."""
    if folder is None:
        return [None] * len(specs)
    if not folder.is_dir():
        found = "it is not a folder" if folder.exists() else "there is no such folder"
        raise CheckpointError(folder, f"{found}; --checkpoints names the folder of the checkpoints")
    paths = [folder / spec.checkpoint for spec in specs]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        present = sorted(path.name for path in folder.iterdir())
        problem = (
            f"there is no such file; the catalogue names it in {folder}, which lacks {', '.join(missing)}"
        )
        raise CheckpointError(
            folder / missing[0], problem, f"Found there: {', '.join(present[:10]) or 'nothing'}."
        )
    return list(paths)


def _convert(
    spec: ModelSpec,
    checkpoint: Path | None,
    materials: Materials,
    cache: ConversionCache,
    options: BuildOptions,
    step: Callable[[str], None],
) -> _Converted:
    path = checkpoint or materials.weights_file(spec.architecture)
    if not path.is_file():
        advice = "Build it from a checkpoint of its own with --checkpoints DIR."
        raise CheckpointError(path, f"there are no demo weights for {spec.architecture}", advice)
    weights = Weights(path.name, sha256_of(path), demo=checkpoint is None)
    backends = options.delivery.backends
    # Where no plan is wanted, a conversion that has one will do.
    entries = [
        cache.entry(spec.name, _inputs(spec, weights, allow_dead=options.allow_dead, planned=planned))
        for planned in ((True,) if backends.with_engine else (True, False))
    ]
    for known in entries:
        if (kept := known.read()) is not None:
            return _Converted(spec, weights, _require_runnable(spec, kept, backends), None)

    def on_stage(stage: str) -> None:
        step(f"{spec.title}: {stage}")

    on_stage("loading PyTorch")
    from torch2web.pipeline.convert import (
        convert,  # brings torch, which a build without changes does not need
    )
    from torch2web.verification import reference_images

    entry = entries[-1]
    work = cache.begin(entry)
    try:
        conversion = convert(
            spec,
            checkpoint,
            work,
            materials=materials,
            images=reference_images(materials.reference_images()),
            engine=native_engine(options.cache / "web") if backends.with_engine else None,
            allow_dead=options.allow_dead,
            on_stage=on_stage,
        )
        kept = cache.store(work, entry, conversion.as_record())
    finally:
        cache.discard(work)
    return _Converted(spec, weights, _require_runnable(spec, kept, backends), conversion.seconds)


def _inputs(spec: ModelSpec, weights: Weights, *, allow_dead: bool, planned: bool) -> dict[str, Any]:
    """Everything that a conversion depends on."""
    return {
        **fingerprint(spec.architecture),
        "spec": spec.as_dict(),
        "weights": weights.sha256,
        "demo": weights.demo,
        "allow_dead": allow_dead,
        "engine": engine_version() if planned else None,  # judges the plan
    }


def _require_runnable(spec: ModelSpec, kept: Kept, backends: Backends) -> Kept:
    """Raise NoPlanError for a model that the only backend cannot run."""
    if not backends.with_runtime and not kept.record["plan"]:
        raise NoPlanError(spec.name, kept.record["no_plan"])
    return kept
