"""Whose error a difference is: PyTorch's float32, onnxruntime and the engine, each against float64."""

from dataclasses import dataclass, replace
from typing import Any

from torch2web.plan import Judgement
from torch2web.variants import EXACT, Variant
from torch2web.verification import ReferenceRun, VerificationReport


@dataclass(frozen=True)
class DistanceFromFloat64:
    """Largest difference of an output from PyTorch in float64, with unrounded weights, by what computes."""

    vectors: int
    """Outputs compared, of the same images for all; 0: PyTorch does not compute in float64."""
    pytorch: float
    """Of its own float32."""
    onnxruntime: float | None
    compiled: float | None = None
    """Of the engine; None where it did not run."""

    @classmethod
    def of(cls, reference: ReferenceRun, report: VerificationReport) -> "DistanceFromFloat64":
        """`report`: of the exported file in onnxruntime."""
        vectors = reference.float64.vectors if reference.float64 else 0
        return cls(vectors, reference.rounding, report.float64_max_abs_diff)

    def with_variant(self, variant: Variant, *, in_engine: bool) -> "DistanceFromFloat64":
        """With the figure of unrounded weights, measured in onnxruntime or in the engine."""
        if variant.name != EXACT:
            return self
        measured = variant.float64_max_abs_diff
        return replace(self, compiled=measured) if in_engine else replace(self, onnxruntime=measured)

    def with_plan(self, judgement: Judgement | None) -> "DistanceFromFloat64":
        """`judgement`: with unrounded weights."""
        if judgement is None:
            return self
        return replace(self, compiled=judgement.float64_max_abs_diff)

    def as_dict(self) -> dict[str, Any] | None:
        """`float64` of the manifest; None where PyTorch does not compute in float64."""
        if not self.vectors:
            return None
        measured = {"onnxruntime": self.onnxruntime, "compiled": self.compiled}
        known = {name: value for name, value in measured.items() if value is not None}
        return {"vectors": self.vectors, "pytorch": self.pytorch, **known}
