"""One model, all the way: checkpoint → PyTorch → ReferenceRun → ONNX → verified → plan.

The only module that a build without changes does not import, because it brings torch.
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from converter.cache import MODEL, Entry
from converter.catalog import ModelSpec
from converter.checkpoint import load_model
from converter.compiled import Compiled, make_plan
from converter.export import export_onnx
from converter.hashing import FileRecord, record_of
from converter.reference import capture_reference
from converter.split import split_model
from converter.variants import Variants, make_variants
from converter.verify import verify_onnx


@dataclass(frozen=True)
class Conversion:
    """What is known of a model once its ONNX file and its variants were verified."""

    model: FileRecord
    """The whole ONNX file, below the folder of its entry."""
    verification: dict[str, Any]
    reference: dict[str, list[float]]
    """PyTorch's logits by reference image, one at a time."""
    variants: Variants
    compiled: Compiled | None
    """None where no plan was wanted."""
    seconds: float

    def as_record(self) -> dict[str, Any]:
        """All but the time, in the types that JSON has."""
        plan = self.compiled.plan if self.compiled else None
        return {
            "model": asdict(self.model),
            "graph": asdict(self.variants.graph),
            "verification": self.verification,
            "reference": self.reference,
            "kept": [asdict(variant) for variant in self.variants.kept],
            "refused": [asdict(variant) for variant in self.variants.refused],
            "plan": asdict(plan) if plan else None,
            "no_plan": self.compiled.no_plan if self.compiled else "",
        }


def convert(
    spec: ModelSpec,
    checkpoint: Path | None,
    entry: Entry,
    *,
    engine: ctypes.CDLL | None,
    allow_dead: bool,
    on_stage: Callable[[str], None],
) -> Conversion:
    """Write the verified ONNX file of `spec` and its variants into the folder of `entry`.

    `checkpoint` None takes the demo weights; `engine` is what a plan is judged with, None makes no plan;
    `on_stage` is told what is being done.
    Raises CheckpointError, ExportError, VerificationError or DeadModelError.
    """
    started = time.monotonic()
    on_stage("reading the checkpoint")
    model = load_model(spec, checkpoint)
    on_stage("running PyTorch")
    reference = capture_reference(model, spec)
    on_stage("exporting to ONNX")
    export_onnx(model, spec, entry.model)
    exported = record_of(entry.folder, MODEL)
    on_stage("comparing with PyTorch")
    report = verify_onnx(entry.model, spec, reference, allow_dead=allow_dead)
    on_stage("making smaller variants")
    split = split_model(entry.model)
    variants = make_variants(entry, split, spec, reference)
    compiled = None
    if engine:
        on_stage("planning it for the compiled backend")
        compiled = make_plan(engine, entry, split, spec, reference, variants)
    return Conversion(
        model=exported,
        verification=asdict(report),
        reference=dict(zip(reference.image_names, reference.logits[1].tolist(), strict=True)),
        variants=variants,
        compiled=compiled,
        seconds=time.monotonic() - started,
    )
