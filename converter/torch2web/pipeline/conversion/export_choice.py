"""Takes the exporter whose file the checks accept: within the tolerance, and with a plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from torch2web.catalog import ModelSpec
from torch2web.errors import ExportError, VerificationError
from torch2web.plan import Plan, PlanError, plan_model
from torch2web.sources import Export, ExportRecord
from torch2web.variants import SplitModel, split_model
from torch2web.verification import (
    ReferenceRun,
    VerificationReport,
    choose_means,
    recognise_activation,
    verify_onnx,
)

_LIMIT = 200
"""Characters of a reason in a note."""


@dataclass(frozen=True)
class Exported:
    """An ONNX file, compared with PyTorch and planned."""

    record: ExportRecord
    spec: ModelSpec
    """With the activation that the network ends in, if it ends in one."""
    split: SplitModel
    report: VerificationReport
    plan: Plan | None
    no_plan: str
    """Why there is no plan; empty where there is one or none was wanted."""

    @property
    def refusal(self) -> str:
        """Why another exporter is worth trying; empty where there is nothing to improve."""
        return self.report.problem or self.no_plan

    @property
    def rank(self) -> tuple[bool, bool]:
        return not self.report.problem, self.plan is not None


@dataclass(frozen=True)
class ExportChecks:
    """What the file of an exporter is judged by."""

    spec: ModelSpec
    reference: ReferenceRun
    allow_dead: bool
    planned: bool
    """Whether a plan for the compiled backend is wanted."""
    on_stage: Callable[[str], None]
    runtime: str = "PyTorch"
    """What computed `reference`: `PyTorch` or `onnxruntime`."""

    def export(self, exporters: Sequence[Export], path: Path) -> Exported:
        """Write the ONNX file `path` by the first of `exporters` whose file is accepted.

        Where none is, the best is taken, and the first of equals. Raises ExportError or VerificationError
        where no exporter writes a file with usable outputs, and ConstantOutputError.
        """
        best: Exported | None = None
        error: ExportError | VerificationError | None = None
        reasons: list[str] = []
        kept = path.with_name(f"{path.name}.kept")
        try:
            for export in exporters:
                try:
                    found = self._exported(export, path, best)
                except (ExportError, VerificationError) as failure:
                    error = failure
                    reasons.append(failure.problem)
                    continue
                if best is None or found.rank > best.rank:
                    best = replace(found, record=_with_reason(found.record, reasons))
                    path.replace(kept)
                if not found.refusal:
                    break
                reasons.append(found.refusal)
            if best is None:
                assert error is not None, "there is one exporter at least"
                raise error
            kept.replace(path)
        finally:
            kept.unlink(missing_ok=True)
        return best

    def _exported(self, export: Export, path: Path, best: Exported | None) -> Exported:
        self.on_stage("exporting to ONNX" if self.runtime == "PyTorch" else "preparing the ONNX graph")
        record = export(path)
        if best is None:
            self.on_stage(f"comparing with {self.runtime}")
        choose_means(path, self.spec, self.reference)
        split = split_model(path)
        spec = recognise_activation(split.graph, self.spec, self.reference)
        plan, no_plan = planned_or_reason(split) if self.planned else (None, "")
        if best is not None and not best.report.problem and plan is None:
            return replace(best, no_plan=no_plan)  # no better, whatever the comparison says
        report = verify_onnx(path, spec, self.reference, allow_dead=self.allow_dead, required=False)
        return Exported(record, spec, split, report, plan, no_plan)


def _with_reason(record: ExportRecord, reasons: Sequence[str]) -> ExportRecord:
    if not reasons:
        return record
    reason = reasons[0] if len(reasons[0]) <= _LIMIT else f"{reasons[0][:_LIMIT]} …"
    return replace(record, notes=(*record.notes, f"exported by {record.exporter} instead: {reason}"))


def planned_or_reason(split: SplitModel) -> tuple[Plan | None, str]:
    """The plan of a graph, or the reason for which it has none: the model is then built without."""
    try:
        return plan_model(onnx.load_from_string(split.graph)), ""
    except PlanError as error:
        return None, str(error)
