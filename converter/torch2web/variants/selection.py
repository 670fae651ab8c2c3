"""Smaller files of a model: made, measured against the ReferenceRun, and kept or refused.

All compute in float32 on the same graph, so they are equally fast; they differ in bytes and in what rounding
the weights costs.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from safetensors.numpy import save

from torch2web.catalog import EXACT, Gate, ModelSpec
from torch2web.errors import VerificationError
from torch2web.variants.encodings import ENCODINGS, Tensors, applies, decode_all
from torch2web.variants.split import SplitModel
from torch2web.verification import (
    ReferenceRun,
    VerificationReport,
    create_session_with,
    measure,
    require_within_tolerance,
    run_all,
)

if TYPE_CHECKING:
    import onnxruntime


@dataclass(frozen=True)
class Variant:
    """A variant that passed the gate."""

    name: str
    content: bytes
    """Its weights: a safetensors file, encoded as `encodings.py` says."""
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


def make_variants(split: SplitModel, spec: ModelSpec, reference: ReferenceRun) -> Iterator[Variant | Refused]:
    """Encode the weights of `split` in each form that applies, measure it, and yield the outcome.

    One at a time, since the encoded weights of a large model take hundreds of MiB.

    Raises VerificationError where even the exact weights do not give PyTorch's logits on the split graph.
    """
    for name, encode in ENCODINGS.items():
        if not applies(name, split.weights):
            continue
        tensors: Tensors = {}
        for weight in split.weights:
            tensors |= encode(weight)
        session = create_session_with(split.graph, decode_all(tensors))
        yield _judge(name, save(tensors), spec, reference, session)


def _judge(
    name: str,
    content: bytes,
    spec: ModelSpec,
    reference: ReferenceRun,
    session: "onnxruntime.InferenceSession",
) -> Variant | Refused:
    """Measure `session`, which has the weights of `content`."""
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
        content=content,
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
