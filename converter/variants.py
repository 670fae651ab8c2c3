"""Smaller files of a model: made, measured against the ReferenceRun, and kept or refused.

All compute in float32 on the same graph, so they are equally fast; they differ in bytes and in what rounding
the weights costs.
"""

from dataclasses import asdict, dataclass
from typing import Any

import onnxruntime
from safetensors.numpy import save

from converter.cache import Entry
from converter.catalog import Gate, ModelSpec
from converter.encodings import ENCODINGS, EXACT, Tensors, applies, decode_all
from converter.errors import VerificationError
from converter.inference import create_session_with
from converter.parts import PART_SIZE, PARTS, PartedFile, write_parts
from converter.reference import ReferenceRun
from converter.split import SplitModel
from converter.verify import VerificationReport, measure, require_within_tolerance, run_all


@dataclass(frozen=True)
class Variant:
    """A kept one."""

    name: str
    weights: PartedFile
    """A safetensors file, below the folder of the model's entry."""
    verification: dict[str, Any]
    golden: dict[str, Any]
    """Seed, logits [2][classes] and tolerance of the self-check on the visitor's device."""
    logits: dict[str, list[float]]
    """What it gives in onnxruntime, by reference image."""


@dataclass(frozen=True)
class Refused:
    """A candidate that did not pass, and why."""

    name: str
    size: int
    reason: str
    verification: dict[str, Any] | None
    """None where its logits could not be measured at all."""


@dataclass(frozen=True)
class Variants:
    graph: PartedFile
    """The model without its weights, below the folder of its entry."""
    kept: tuple[Variant, ...]
    """The default first: the one with the fewest bytes."""
    refused: tuple[Refused, ...]


def make_variants(entry: Entry, split: SplitModel, spec: ModelSpec, reference: ReferenceRun) -> Variants:
    """Write the graph and each kept variant's weights beside the model of `entry`, in parts.

    `split` is that model, taken apart.

    Raises VerificationError where even the exact weights do not give PyTorch's logits on the split graph.
    """
    graph = write_parts(entry.folder, PARTS, split.graph, PART_SIZE)
    kept: list[Variant] = []
    refused: list[Refused] = []
    for name, encode in ENCODINGS.items():
        if not applies(name, split.weights):
            continue
        tensors: Tensors = {}
        for weight in split.weights:
            tensors |= encode(weight)
        session = create_session_with(split.graph, decode_all(tensors))
        outcome = _judge(name, save(tensors), entry, spec, reference, session)
        if isinstance(outcome, Variant):
            kept.append(outcome)
        else:
            refused.append(outcome)
    kept.sort(key=lambda variant: variant.weights.size)
    return Variants(graph, tuple(kept), tuple(refused))


def _judge(
    name: str,
    content: bytes,
    entry: Entry,
    spec: ModelSpec,
    reference: ReferenceRun,
    session: onnxruntime.InferenceSession,
) -> Variant | Refused:
    """Measure `session`, which has the weights of `content`; write these where it passes."""
    try:
        found, golden = run_all(session, spec, reference)
        report = measure(spec, reference, found, golden)
    except VerificationError as error:
        if name == EXACT:
            raise
        return Refused(name, len(content), str(error), None)
    if name == EXACT:
        require_within_tolerance(spec, report)
        golden = reference.golden_logits
    elif reason := _why_refused(spec.gate, report):
        return Refused(name, len(content), reason, asdict(report))
    return Variant(
        name=name,
        weights=write_parts(entry.folder, PARTS, content, PART_SIZE),
        verification=asdict(report),
        golden={
            "seed": reference.golden_seed,
            "logits": golden.tolist(),
            "tolerance": spec.tolerance,
        },
        logits=dict(zip(reference.image_names, found[1].tolist(), strict=True)),
    )


def _why_refused(gate: Gate, report: VerificationReport) -> str:
    """Empty where `report` passes."""
    if not report.top1_agreement >= gate.top1_agreement:
        return f"top-1 agreement {report.top1_agreement:.2%}, expected at least {gate.top1_agreement:.2%}"
    if not report.probabilities_max_abs_diff <= gate.probabilities_max_abs_diff:
        found = f"{report.probabilities_max_abs_diff:.3g}"
        return f"a probability differs by {found}, allowed are {gate.probabilities_max_abs_diff:g}"
    return ""
