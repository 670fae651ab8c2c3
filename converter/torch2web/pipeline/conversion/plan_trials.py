"""The fastest plan of a model with which the engine reproduces the reference, whatever variant it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import onnx
from safetensors.numpy import save

from torch2web.catalog import ModelSpec
from torch2web.plan import Judgement, Plan, judge_plan, plan_more_exactly
from torch2web.variants import ENCODINGS, EXACT, SplitModel, Tensors, Variant
from torch2web.verification import ReferenceRun


@dataclass
class PlanTrials:
    """Judges a plan with one variant after another.

    Where a plan fails that has convolutions by Winograd's transforms, one with smaller tiles takes its place,
    at last one without, and is judged with all variants so far.
    """

    engine: Mapping[str, bytes]
    """Modules that judge, by build."""
    split: SplitModel
    spec: ModelSpec
    reference: ReferenceRun
    plan: Plan | None
    reason: str
    """Why there is no plan; empty where there is one."""
    exact: Judgement | None = None
    """With unrounded weights; None where none was made."""
    _seen: list[Variant] = field(default_factory=list)
    """Those that can be encoded again without their content."""

    def judge(self, variant: Variant) -> None:
        """Keep the plan, replace it by a more exact one or drop it. Raises ToolError."""
        if self.plan is None:
            return
        # Error-compensated rounding is not repeated: its content stays, a quarter of the unrounded one.
        self._seen.append(variant if variant.calibration_images else replace(variant, content=b""))
        judgement = self._judge(self.plan, variant)
        while judgement.reason and (plan := plan_more_exactly(self._model(), self.plan)):
            self.plan = plan
            judgement = next(
                (failed for seen in self._seen if (failed := self._judge(plan, self._encoded(seen))).reason),
                Judgement("", None),
            )
        if judgement.reason:
            self.plan, self.reason = None, judgement.reason

    def _judge(self, plan: Plan, variant: Variant) -> Judgement:
        judgement = judge_plan(self.engine, plan, variant, self.spec, self.reference)
        if variant.name == EXACT:
            self.exact = judgement
        return judgement

    def _model(self) -> onnx.ModelProto:
        return onnx.load_from_string(self.split.graph)

    def _encoded(self, variant: Variant) -> Variant:
        """With its content again: those of all variants are not in memory at once."""
        if variant.content:
            return variant
        tensors: Tensors = {}
        for weight in self.split.weights:
            tensors |= ENCODINGS[variant.name](weight)
        return replace(variant, content=save(tensors))
