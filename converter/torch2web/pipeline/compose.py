"""Composes the stages: catalogue → checkpoints → conversions → site. The only module that does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from torch2web.catalog import SiteSettings
from torch2web.catalog.default import default_materials
from torch2web.errors import InputError, Torch2WebError
from torch2web.pipeline.all_models import AllModels, Overall
from torch2web.pipeline.checkpoints import ChosenModel
from torch2web.pipeline.conversions import (
    ACCURACY_STEPS,
    STEPS,
    Conversions,
    ConversionSettings,
    Converted,
)
from torch2web.pipeline.executors import Machines
from torch2web.pipeline.keys import kept_samples
from torch2web.pipeline.own_samples import own_samples
from torch2web.progress import ProgressCallback
from torch2web.site import Bundle, SiteInputs, full_disk_explained, require_replaceable, write_site
from torch2web.site.manifest import ALL_VARIANTS, Delivery, ModelRecord
from torch2web.site.writers import place_model
from torch2web.store import swapped_in


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
    search: bool = False
    """Whether to search the smallest weights that pass, the variant `compact`, which takes a while."""
    templates: Path | None = None
    """Folder of templates that replace those of the same name."""
    machines: Machines = field(default_factory=Machines)
    keep_going: bool = False
    """Whether a model that fails leaves the others to be built."""


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
    failures: Mapping[str, Torch2WebError]
    """By model; only with `keep_going`."""


def build(options: BuildOptions, progress: ProgressCallback) -> BuildReport:
    """Convert and verify every model, then write the site in one step.

    Raises Torch2WebError; the existing site is then unchanged. With `keep_going` the site has the models that
    did not fail; FailedModelsError if there are none.
    """
    require_replaceable(options.out)
    specs = [spec for spec, _ in options.models]
    settings = ConversionSettings(
        cache=options.cache,
        backends=options.delivery.backends,
        allow_dead=options.allow_dead,
        # The drawn faces show what the demo is about; others are judged on pictures of nothing in particular.
        faces=any(spec.labels == default_materials().labels for spec in specs),
        images=options.images,
        search=options.search,
    )
    conversions = Conversions.create(settings)
    assets = conversions.assets.with_templates(options.templates) if options.templates else conversions.assets
    labels = [spec.labels for spec in specs]
    if options.settings.samples is None:
        samples = kept_samples(options.cache, conversions.materials, labels)
    else:
        own, wanted = conversions.own_images, options.settings.samples
        samples = own_samples(own, wanted, set().union(*labels))
    overall = Overall(progress, len(specs), STEPS + (ACCURACY_STEPS if options.images else 0))
    all_models = AllModels(options.models, conversions, overall, keep_going=options.keep_going)
    converted = all_models.convert(options.machines, settings)
    _require_known_variants(options.delivery.variants, converted)
    overall.last("Writing the site")
    with full_disk_explained(options.out), swapped_in(options.out) as root:
        records = [
            place_model(root, model.spec, model.weights, model.conversion, options.delivery)
            for model in converted
        ]
        inputs = SiteInputs(
            generator=f"torch2web {version('torch2web')}",
            assets=assets,
            models=records,
            images=conversions.images,
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
        failures=all_models.failures,
    )


def _require_known_variants(names: Sequence[str], converted: Sequence[Converted]) -> None:
    """Raise InputError for a variant that no model has."""
    records = [model.conversion.record for model in converted]
    known = {variant["name"] for record in records for variant in (*record["variants"], *record["refused"])}
    if unknown := [name for name in names if name not in known and name != ALL_VARIANTS]:
        found, listed = ", ".join(unknown), ", ".join(sorted(known))
        raise InputError(f"--variants: found {found}, expected {ALL_VARIANTS} or some of {listed}")
