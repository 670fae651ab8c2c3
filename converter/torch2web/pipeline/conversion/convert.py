"""One model, all the way: checkpoint → PyTorch → ReferenceRun → ONNX → verified → variants → plan.

A build in which every conversion is cached does not import this module, because it imports torch.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import onnx

from torch2web.catalog import Materials, ModelSpec, ReferenceImage
from torch2web.coding import file_size
from torch2web.pipeline.conversion.calibration import calibration_inputs, compact_search
from torch2web.pipeline.conversion.export_choice import ExportChecks
from torch2web.pipeline.conversion.features import Features, FeaturesJudge
from torch2web.pipeline.conversion.float64 import DistanceFromFloat64
from torch2web.pipeline.conversion.heatmaps import Heatmap, convert_heatmap
from torch2web.pipeline.conversion.plan_trials import PlanTrials
from torch2web.pipeline.conversion.variant_judge import VariantJudge
from torch2web.pipeline.own_pictures import OwnPictures
from torch2web.plan import Plan, exact_variant, plan_more_exactly
from torch2web.progress import StageCallback
from torch2web.sources import load_source
from torch2web.store import (
    MODEL,
    PART_SIZE,
    PARTS,
    Entry,
    FileRecord,
    PartedFile,
    record_of,
    write_coded_parts,
    write_parts,
)
from torch2web.variants import Refused, SplitModel, Variant, make_variants, measure_complexity
from torch2web.verification import (
    Accuracy,
    Bounds,
    OwnImages,
    ReferenceRun,
    VerificationReport,
    capture_reference,
    fit_outputs,
    golden_record,
    require_within_tolerance,
)


@dataclass(frozen=True)
class Conversion:
    """A model whose ONNX file, variants and plan are verified and stored in the folder of its entry."""

    model: FileRecord
    """The whole ONNX file."""
    graph: PartedFile | None
    """ONNX without the weights; None where onnxruntime is less exact than accepted."""
    no_graph: str
    """Why there is no graph; empty where there is one."""
    verification: dict[str, Any]
    golden: dict[str, Any]
    """Seed, PyTorch's logits [2][classes] and tolerance for the golden input."""
    reference: dict[str, list[float]]
    """PyTorch's logits by reference image, one at a time."""
    variants: tuple[dict[str, Any], ...]
    """Variants that passed, with their weights' files; the default first: the one with the fewest bytes."""
    refused: tuple[Refused, ...]
    plan: PartedFile | None
    tiles: dict[str, int]
    """Pixels of a line of the tiles of the convolutions that the plan computes by Winograd's transforms."""
    task: dict[str, Any]
    """The spec's, complete: with the kind of `probabilities`, which the network tells."""
    outputs: int
    """Numbers that the network gives for one image."""
    float64: dict[str, Any] | None
    """Differences from PyTorch in float64 by what computes; None where PyTorch has no float64."""
    complexity: dict[str, Any]
    """Parameters and multiply-adds, counted in the graph."""
    no_plan: str
    """Why there is no plan; empty where there is one or none was wanted."""
    heatmap: Heatmap | None
    """Class activation maps; None where the network has none."""
    features: Features | None
    """Outputs of an inner layer; None where the catalogue asks for none."""
    source: dict[str, Any]
    """For the manifest's provenance: architecture, source, state_key, exporter, notes."""
    seconds: float

    def as_record(self) -> dict[str, Any]:
        """All but the time, in the types that JSON has."""
        record = asdict(self)
        del record["seconds"]
        return record


def convert(
    spec: ModelSpec,
    checkpoint: Path | None,
    entry: Entry,
    *,
    materials: Materials,
    images: Sequence[ReferenceImage],
    engine: Mapping[str, bytes] | None,
    allow_dead: bool,
    search: bool,
    own: OwnImages | None,
    on_stage: StageCallback,
) -> Conversion:
    """Write the verified ONNX file of `spec`, its variants and its plan into the folder of `entry`.

    `checkpoint` None takes the demo weights of `materials`; `engine` has the modules that judge the plan, by
    build; None makes no plan. `search`: whether to search the variant `compact`. `own` are the pictures of
    `--images`. `on_stage` is called with the name of each stage as it begins. Raises Torch2WebError for a
    file, network or comparison that is refused.
    """
    started = time.monotonic()
    pictures = OwnPictures(own, spec, on_stage)
    on_stage("reading the checkpoint")
    model = load_source(spec, checkpoint, materials)
    on_stage(f"running {model.runtime}")
    reference = capture_reference(
        model.reference, spec, [*images, *pictures.reference_images()], model.reference64
    )
    spec = fit_outputs(spec, reference)
    checks = ExportChecks(
        spec, reference, allow_dead, planned=engine is not None, on_stage=on_stage, runtime=model.runtime
    )
    exported = checks.export(model.exporters, entry.model)
    spec, split, report = exported.spec, exported.split, exported.report
    plan, no_plan, record = exported.plan, exported.no_plan, exported.record
    if not engine:
        require_within_tolerance(spec, report)
    features = FeaturesJudge.of(spec, split, model.network, reference)
    on_stage("making smaller variants")
    float64 = DistanceFromFloat64.of(reference, report)
    passed: list[dict[str, Any]] = []
    refused: list[Refused] = []
    outcomes: Iterable[Variant | Refused]
    no_graph = report.problem
    pictures = replace(pictures, spec=spec)
    pictures.require_measurable()  # now that the task is complete
    baseline = pictures.accuracy(model.runtime, model.reference)
    if no_graph and engine:
        plan, only = _only_compiled(spec, report, split, plan, no_plan, engine, reference)
        verification, outcomes = only.verification, [only]
    else:
        verification, outcomes = (
            report.as_dict(),
            make_variants(
                split,
                spec,
                reference,
                lambda: calibration_inputs(spec, materials, pictures),
                compact_search(spec, materials, pictures) if search else None,
            ),
        )
    only_compiled = (plan, engine) if no_graph and plan and engine else None
    trials = None if no_graph or not engine else PlanTrials(engine, split, spec, reference, plan, no_plan)
    judge = VariantJudge(split, pictures, baseline, features, only_compiled)
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            refused.append(_anonymous(outcome, pictures))
            continue
        accuracy, reason = judge.judge(outcome)
        if reason:
            figures = pictures.verification(outcome.verification, accuracy)
            refused.append(Refused(outcome.name, file_size(outcome.content), reason, figures))
            continue
        passed.append(_store(entry, outcome, pictures, accuracy))
        float64 = float64.with_variant(outcome, in_engine=bool(no_graph))
        if trials:
            trials.judge(outcome)
    if trials:
        plan, no_plan, float64 = trials.plan, trials.reason, float64.with_plan(trials.exact)
    passed.sort(key=lambda variant: int(variant["weights"]["size"]))
    return Conversion(
        model=record_of(entry.folder, MODEL),
        graph=None if no_graph else write_parts(entry.folder, PARTS, split.graph, PART_SIZE),
        no_graph=pictures.anonymous(no_graph),
        verification=pictures.verification(verification, baseline),
        golden=golden_record(reference, Bounds.of(spec.tolerance, reference)),
        reference=pictures.published(_by_image(reference)),
        variants=tuple(passed),
        refused=tuple(refused),
        plan=write_parts(entry.folder, PARTS, plan.content, PART_SIZE) if plan else None,
        tiles=dict(plan.tiles) if plan else {},
        task=spec.task.as_dict(),
        outputs=reference.golden_logits.shape[1],
        float64=float64.as_dict(),
        complexity=measure_complexity(split, spec.input_shape).as_dict(),
        no_plan=pictures.anonymous(no_plan),
        heatmap=convert_heatmap(split, model.network, reference.inputs, engine, entry)
        if model.network is not None and not no_graph
        else None,
        features=features.store(engine, entry) if features else None,
        source={**model.provenance, "exporter": record.as_dict(), "notes": [*model.notes, *record.notes]},
        seconds=time.monotonic() - started,
    )


def _only_compiled(
    spec: ModelSpec,
    report: VerificationReport,
    split: SplitModel,
    plan: Plan | None,
    no_plan: str,
    engine: Mapping[str, bytes],
    reference: ReferenceRun,
) -> tuple[Plan, Variant]:
    """The plan and only variant of a model that onnxruntime gives less exactly than accepted.

    Raises VerificationError, with the figures of onnxruntime, where the compiled backend is no closer or
    cannot run it.
    """
    found: Variant | str = no_plan
    while plan:
        found = exact_variant(engine, plan, split, spec, reference)
        if isinstance(found, Variant):
            return plan, found
        plan = plan_more_exactly(onnx.load_from_string(split.graph), plan)
    require_within_tolerance(spec, report, f"The compiled backend is no way out: {found}")
    raise AssertionError("unreachable: the report has a problem")


def _store(
    entry: Entry, variant: Variant, pictures: OwnPictures, accuracy: Accuracy | None
) -> dict[str, Any]:
    """Write the weights of `variant` in parts; its record."""
    return {
        "name": variant.name,
        "weights": asdict(write_coded_parts(entry.folder, PARTS, variant.content, PART_SIZE)),
        "verification": pictures.verification(variant.verification, accuracy),
        "golden": variant.golden,
        "logits": pictures.published(variant.logits),
        "bounds": pictures.published(variant.bounds),
        "calibration_images": variant.calibration_images,
        "search": [asdict(point) for point in variant.search],
    }


def _anonymous(refused: Refused, pictures: OwnPictures) -> Refused:
    figures = refused.verification
    return replace(
        refused,
        reason=pictures.anonymous(refused.reason),
        verification=pictures.verification(figures, None) if figures else None,
    )


def _by_image(reference: ReferenceRun) -> dict[str, list[float]]:
    return dict(zip(reference.image_names, reference.truth(1).tolist(), strict=True))
