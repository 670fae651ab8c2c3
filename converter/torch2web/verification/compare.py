"""Compares the outputs of an ONNX file with the ReferenceRun of PyTorch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import ModelSpec
from torch2web.errors import ConstantOutputError, VerificationError
from torch2web.images import golden_input
from torch2web.tasks import activate, figures
from torch2web.verification.bounds import Bounds, find_deviation
from torch2web.verification.onnx_session import create_session, run_session
from torch2web.verification.reference_run import ReferenceRun, in_batches

if TYPE_CHECKING:
    import onnxruntime

Logits = dict[int, NDArray[np.float32]]
"""Batch size → logits [images, classes]."""

MIN_SPREAD_FACTOR = 100
"""Minimum standard deviation of the logits between images, as a multiple of the largest difference accepted.
Below it the outputs are regarded as constant, and a comparison would prove nothing."""


@dataclass(frozen=True)
class VerificationReport:
    """Differences between onnxruntime and PyTorch, over all images and batch sizes."""

    images: int
    batch_sizes: tuple[int, ...]
    tolerance: float
    """Largest difference accepted of any image."""
    logits_max_abs: float
    """Largest logit, in magnitude."""
    pytorch_max_abs_diff: float | None
    """Largest difference of PyTorch in float32 from PyTorch in float64; None where it has no float64."""
    float64_max_abs_diff: float | None
    """Largest difference of the outputs judged from PyTorch in float64, over the same vectors."""
    logits_max_abs_diff: float
    logits_mean_abs_diff: float
    figures: Mapping[str, float]
    """Differences in terms of the task, by name: see `torch2web.tasks.figures`."""
    worst_image: str
    logits_spread: float
    """Maximum over the logits of their standard deviation between images."""
    top1_classes: int | None
    """Of a classifier, the number of labels that are the most probable one of at least one image."""
    dead: bool
    """Whether the outputs are constant (see MIN_SPREAD_FACTOR), which --allow-dead accepts."""
    problem: str
    """Why the differences are outside the tolerance; empty if they are within."""

    def as_dict(self) -> dict[str, Any]:
        """`verification` of the manifest: the figures of the task stand beside the others."""
        record = {name: value for name, value in asdict(self).items() if value is not None}
        del record["problem"]
        record.pop("float64_max_abs_diff", None)  # the manifest has it by backend
        task_figures: dict[str, float] = record.pop("figures")
        return record | task_figures


def verify_onnx(
    path: Path, spec: ModelSpec, reference: ReferenceRun, *, allow_dead: bool, required: bool = True
) -> VerificationReport:
    """Run the ONNX file `path` and compare its logits with `reference`.

    Raises VerificationError if logits are not finite or do not match the labels or, where `required`, if a
    difference exceeds the tolerance of `spec`; ConstantOutputError if the reference does not depend on the
    image.
    """
    require_usable(spec, reference)
    spread, needed = reference.spread, _needed_spread(spec, reference)
    if not spread > needed and not allow_dead:
        raise ConstantOutputError(spec.name, spread, needed)
    report = measure(spec, reference, *run_all(create_session(path), spec, reference))
    if required:
        require_within_tolerance(spec, report)
    return report


def run_all(
    session: "onnxruntime.InferenceSession", spec: ModelSpec, reference: ReferenceRun
) -> tuple[Logits, NDArray[np.float32]]:
    """Return the logits of the reference inputs by batch size, and of the golden input, [2, classes]."""
    found = {
        size: np.concatenate([run_session(session, batch) for batch in in_batches(reference.inputs, size)])
        for size in reference.logits
    }
    return found, run_session(session, golden_input(reference.golden_seed, spec.preprocessing))


def require_usable(spec: ModelSpec, reference: ReferenceRun) -> None:
    """Raise VerificationError if the logits of PyTorch are not finite or do not match the labels."""
    for logits in (*reference.logits.values(), reference.golden_logits):
        if logits.ndim != 2 or (spec.outputs is not None and logits.shape[1] != spec.outputs):
            expected = f"[batch, {spec.outputs or 'outputs'}]{', one per label' * spec.task.has_labels}"
            problem = f"found logits of shape {list(logits.shape)} in PyTorch, expected {expected}"
            raise VerificationError(spec.name, problem, {}, "")
        broken = np.flatnonzero(~np.isfinite(logits).all(axis=1))
        if len(broken):
            name = (
                reference.image_names[broken[0]] if logits is not reference.golden_logits else "golden input"
            )
            raise VerificationError(spec.name, "the PyTorch model outputs NaN or infinite logits", {}, name)


def _needed_spread(spec: ModelSpec, reference: ReferenceRun) -> float:
    bounds = Bounds.of(spec.tolerance, reference).of_vectors(reference.logits[1])
    return MIN_SPREAD_FACTOR * float(bounds.max())


def _top1_classes(spec: ModelSpec, reference: ReferenceRun) -> int | None:
    if not spec.task.has_labels:
        return None
    return len(np.unique(activate(spec.task, reference.logits[1]).argmax(axis=1)))


def measure(
    spec: ModelSpec, reference: ReferenceRun, found: Logits, golden: NDArray[np.float32]
) -> VerificationReport:
    """Measure the differences of the logits `found` and `golden` from those of `reference`.

    Raises VerificationError if shapes differ, logits are not finite or probabilities do not sum to 1.
    """
    expected = np.concatenate([*map(reference.truth, reference.logits), reference.golden_truth])
    actual = np.concatenate([*(found[size] for size in reference.logits), golden])
    # Agreement is counted on pictures: the golden input is noise, whose label means nothing.
    pictures = [*range(len(reference.image_names))] * len(reference.logits) + [-1] * len(golden)
    names = [*reference.image_names * len(reference.logits), *["golden input"] * len(golden)]
    if actual.shape != expected.shape:
        problem = f"found logits of shape {list(actual.shape)}, expected {list(expected.shape)}"
        raise VerificationError(spec.name, problem, {}, "")
    broken = np.flatnonzero(~np.isfinite(actual).all(axis=1))
    if len(broken):
        raise VerificationError(spec.name, "it outputs NaN or infinite logits", {}, names[broken[0]])
    # In float64, so that the differences themselves are not rounded.
    differences = np.abs(actual.astype(np.float64) - expected)
    per_image = differences.max(axis=1)
    worst = int(per_image.argmax())
    bounds = Bounds.of(spec.tolerance, reference)
    deviation = find_deviation(spec.task, bounds, expected, actual)
    if deviation:
        worst = deviation.vector
    if spec.task.is_exclusive and np.abs(activate(spec.task, actual).sum(axis=1) - 1).max() > 1e-3:
        raise VerificationError(spec.name, "its probabilities do not sum to 1", {}, names[worst])
    return VerificationReport(
        images=len(reference.image_names),
        batch_sizes=tuple(reference.logits),
        tolerance=float(bounds.of_vectors(expected).max()),
        logits_max_abs=float(np.abs(expected).max()),
        pytorch_max_abs_diff=reference.rounding if reference.float64 else None,
        float64_max_abs_diff=reference.difference_from_float64(found[1], golden)
        if reference.float64
        else None,
        logits_max_abs_diff=float(per_image.max()),
        logits_mean_abs_diff=float(differences.mean()),
        figures=figures(spec.task, expected, actual, pictures),
        worst_image=names[worst],
        logits_spread=reference.spread,
        top1_classes=_top1_classes(spec, reference),
        dead=not reference.spread > _needed_spread(spec, reference),
        problem=deviation.problem if deviation else "",
    )


def require_within_tolerance(spec: ModelSpec, report: VerificationReport, also: str = "") -> None:
    """Raise VerificationError, with the figures, if a difference exceeds the tolerance of `spec`.

    `also`: another sentence of the message.
    """
    if not report.problem:
        return
    figures = {
        "max difference": report.logits_max_abs_diff,
        "mean difference": report.logits_mean_abs_diff,
        **{name.replace("_", " "): value for name, value in report.figures.items()},
        "tolerance": report.tolerance,
        "largest logit": report.logits_max_abs,
    }
    own, truth = report.pytorch_max_abs_diff, "PyTorch"
    cause = ""
    if own is not None:
        figures["difference of PyTorch itself between float32 and float64"] = own
        truth = "PyTorch in float64"
        if own * _CLEARLY < report.logits_max_abs_diff:
            cause = ". The error is that of the exported file or of onnxruntime, not of PyTorch's rounding"
        else:
            cause = ". PyTorch itself is hardly closer to float64: the network magnifies rounding errors"
    advice = (
        f". A larger `tolerance` of the model in the catalogue, such as {_suggestion(report)}, accepts it"
    )
    raise VerificationError(
        spec.name,
        f"{report.problem}, compared with {truth}{cause}{also and f'. {also}'}{advice}",
        figures,
        report.worst_image,
    )


_CLEARLY = 4
"""A difference so many times PyTorch's own is not PyTorch's."""


def _suggestion(report: VerificationReport) -> str:
    """A value of `tolerance` that accepts twice the difference found."""
    share = 2 * report.logits_max_abs_diff / max(report.logits_max_abs, 1e-30)
    return f"{{ atol = 1e-4, rtol = {share:.0e} }}"
