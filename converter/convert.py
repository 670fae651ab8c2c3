"""One model, all the way: checkpoint → PyTorch → ReferenceRun → ONNX → verified.

The only module that a build without changes does not import, because it brings torch.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from converter.catalog import ModelSpec
from converter.checkpoint import load_model
from converter.export import export_onnx
from converter.reference import capture_reference
from converter.verify import verify_onnx


@dataclass(frozen=True)
class Conversion:
    """What is known of a model once its ONNX file was verified."""

    verification: dict[str, Any]
    golden: dict[str, Any]
    """Seed, logits [2][classes] and tolerance of the self-check on the visitor's device."""
    reference: dict[str, list[float]]
    """PyTorch's logits by reference image, one at a time."""
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def convert(
    spec: ModelSpec,
    checkpoint: Path | None,
    output: Path,
    *,
    allow_dead: bool,
    on_stage: Callable[[str], None],
) -> Conversion:
    """Write the verified ONNX file of `spec` to `output`.

    `checkpoint` None takes the demo weights; `on_stage` is told what is being done.
    Raises CheckpointError, ExportError, VerificationError or DeadModelError.
    """
    started = time.monotonic()
    on_stage("reading the checkpoint")
    model = load_model(spec, checkpoint)
    on_stage("running PyTorch")
    reference = capture_reference(model, spec)
    on_stage("exporting to ONNX")
    export_onnx(model, spec, output)
    on_stage("comparing with PyTorch")
    report = verify_onnx(output, spec, reference, allow_dead=allow_dead)
    return Conversion(
        verification=asdict(report),
        golden={
            "seed": reference.golden_seed,
            "logits": reference.golden_logits.tolist(),
            "tolerance": spec.tolerance,
        },
        reference=dict(zip(reference.image_names, reference.logits[1].tolist(), strict=True)),
        seconds=time.monotonic() - started,
    )
