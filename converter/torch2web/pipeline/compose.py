"""Composes the stages: catalogue → checkpoints → conversions → site. The only module that does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from torch2web.assets import load_assets
from torch2web.catalog import SiteSettings
from torch2web.catalog.default import default_materials
from torch2web.errors import InputError
from torch2web.pipeline.checkpoints import ChosenModel
from torch2web.pipeline.conversions import ACCURACY_STEPS, STEPS, Conversions, Converted
from torch2web.pipeline.kept_drawings import kept_images, kept_samples
from torch2web.pipeline.own_samples import own_samples
from torch2web.progress import ProgressCallback
from torch2web.site import Bundle, SiteInputs, full_disk_explained, require_replaceable, write_site
from torch2web.site.manifest import ALL_VARIANTS, Delivery, ModelRecord
from torch2web.site.writers import place_model
from torch2web.store import ConversionCache, swapped_in
from torch2web.verification import find_images


@dataclass(frozen=True)
class BuildOptions:
    """What `python build.py` was asked for."""

    models: Sequence[ChosenModel]
    out: Path
    cache: Path
    allow_dead: bool
    images: Path | None = None
    """Folder of pictures that the models are about; subfolders named like labels measure accuracy."""
    delivery: Delivery = field(default_factory=Delivery)
    settings: SiteSettings = field(default_factory=SiteSettings)
    templates: Path | None = None
    """Folder of templates that replace those of the same name."""


@dataclass(frozen=True)
class BuiltModel:
    """One model of the site; `seconds` is None where its conversion was kept from an earlier build."""

    record: ModelRecord
    seconds: float | None


@dataclass(frozen=True)
class BuildReport:
    models: tuple[BuiltModel, ...]
    own_samples: int
    """Pictures of `--images` in the site."""
    bundle: Bundle


def build(options: BuildOptions, progress: ProgressCallback) -> BuildReport:
    """Convert and verify every model, then write the site in one step.

    Raises Torch2WebError; the existing site is then unchanged.
    """
    require_replaceable(options.out)
    assets = load_assets().keeping(options.cache / "unpacked")
    if options.templates:
        assets = assets.with_templates(options.templates)
    materials = default_materials()
    # The drawn faces show what the demo is about; others are judged on pictures of nothing in particular.
    drawn = any(spec.labels == materials.labels for spec, _ in options.models)
    images = kept_images(options.cache / "drawn", materials, faces=drawn)
    own_images = find_images(options.images) if options.images else None
    labels = [spec.labels for spec, _ in options.models]
    if options.settings.samples is None:
        samples = kept_samples(options.cache / "drawn", materials, labels)
    else:
        samples = own_samples(own_images, options.settings.samples, set().union(*labels))
    conversions = Conversions(
        cache=ConversionCache(options.cache / "models"),
        assets=assets,
        materials=materials,
        images=images,
        backends=options.delivery.backends,
        allow_dead=options.allow_dead,
        own_images=own_images,
    )
    steps = STEPS + (ACCURACY_STEPS if own_images else 0)
    done, total = 0, len(options.models) * steps + 1

    def step(text: str, part: int = 0, parts: int = 0) -> None:
        nonlocal done
        if part:
            progress(text, done - 1 + part / parts, total, f"{part} of {parts}")
            return
        progress(text, done, total)
        done += 1

    converted = []
    for index, (spec, checkpoint) in enumerate(options.models):
        done = index * steps
        with full_disk_explained(options.cache):
            converted.append(conversions.convert(spec, checkpoint, step))
    _require_known_variants(options.delivery.variants, converted)
    done = total - 1
    step("Writing the site")
    with full_disk_explained(options.out), swapped_in(options.out) as root:
        records = [
            place_model(root, model.spec, model.weights, model.conversion, options.delivery)
            for model in converted
        ]
        inputs = SiteInputs(
            generator=f"torch2web {version('torch2web')}",
            assets=assets,
            models=records,
            images=images,
            samples=samples,
            delivery=options.delivery,
            cache=options.cache,
            settings=options.settings,
        )
        bundle = write_site(root, inputs)
        require_replaceable(options.out)  # once more: the build took a while
    built = zip(records, converted, strict=True)
    return BuildReport(
        models=tuple(BuiltModel(record, model.seconds) for record, model in built),
        own_samples=len(samples) if options.settings.samples is not None else 0,
        bundle=bundle,
    )


def _require_known_variants(names: Sequence[str], converted: Sequence[Converted]) -> None:
    """Raise InputError for a variant that no model has."""
    records = [model.conversion.record for model in converted]
    known = {variant["name"] for record in records for variant in (*record["variants"], *record["refused"])}
    if unknown := [name for name in names if name not in known and name != ALL_VARIANTS]:
        found, listed = ", ".join(unknown), ", ".join(sorted(known))
        raise InputError(f"--variants: found {found}, expected {ALL_VARIANTS} or some of {listed}")
