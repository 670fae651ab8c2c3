"""Files that hold a whole network: ONNX, TorchScript, and exported programs of torch.export."""

from dataclasses import replace
from pathlib import Path

import onnx

from torch2web.catalog import ModelSpec
from torch2web.errors import CheckpointError, ExportError
from torch2web.sources.build_network import require_finite_parameters
from torch2web.sources.checkpoint import detect_format, read_checkpoint
from torch2web.sources.export import exporters_of
from torch2web.sources.exported_program import load_program
from torch2web.sources.loaded import Export, ExportRecord, LoadedModel, Run64, run_in_double, run_in_torch
from torch2web.sources.onnx import check_onnx, load_onnx, require_free_batch
from torch2web.sources.outputs import Outputs, with_one_output
from torch2web.sources.torchscript import load_script

_ADVICE = "Name the network that was trained: factory (--factory MODULE:FUNCTION) or timm (--timm NAME)."

_BATCH = 13
"""Images of an example from which the older exporter writes a program. Its operators compute sizes as
numbers, which are then freed from this one, a prime that no other size is a multiple of."""


def load_file(spec: ModelSpec, path: Path) -> LoadedModel:
    """Load the network that is in `path`. Raises CheckpointError or ExportError."""
    kind = detect_format(path)
    if kind == "onnx":
        return load_onnx(spec, path)
    if kind not in ("torchscript", "exported_program"):
        raise _without_network(path)
    if kind == "exported_program":
        return _load_program(spec, path, kind)
    chosen = with_one_output(spec.name, load_script(path), spec.input_shape, spec.source.output)
    if spec.exporter == "torch.export":
        advice = "leave `exporter` (--exporter) away"
        raise ExportError(spec.name, f"torch.export does not take TorchScript archives; {advice}")
    exporters = exporters_of(chosen.network, replace(spec, exporter="torchscript"))
    return _loaded(path, kind, chosen, None, exporters)


def check_file(spec: ModelSpec, path: Path) -> None:
    """Read the network in `path` without running it. Raises CheckpointError or ExportError."""
    kind = detect_format(path)
    if kind == "onnx":
        check_onnx(path)
        return
    if kind not in ("torchscript", "exported_program"):
        raise _without_network(path)
    is_program = kind == "exported_program"
    network = load_program(path, spec.input_shape).program if is_program else load_script(path)
    require_finite_parameters(path, network)


def _without_network(path: Path) -> CheckpointError:
    read_checkpoint(path)  # raises for what is no checkpoint either
    return CheckpointError(path, "it holds weights without a network", _ADVICE)


def _load_program(spec: ModelSpec, path: Path, kind: str) -> LoadedModel:
    program = load_program(path, spec.input_shape)
    chosen = with_one_output(spec.name, program, spec.input_shape, spec.source.output)

    def checked(export: Export) -> Export:
        def exported(target: Path) -> ExportRecord:
            program.direct = True
            try:
                record = export(target)
            finally:
                program.direct = False
            require_free_batch(spec, onnx.load(target), run_in_torch(chosen.network), program.batch)
            return record

        return exported

    exporters = exporters_of(
        chosen.network, spec, program_batch=program.batch, traced_batch=program.batch or _BATCH
    )
    double = run_in_double(chosen.network, spec.input_shape)
    return _loaded(path, kind, chosen, double, tuple(map(checked, exporters)))


def _loaded(
    path: Path, kind: str, chosen: Outputs, double: Run64 | None, exporters: tuple[Export, ...]
) -> LoadedModel:
    provenance = {"architecture": path.name, "source": str(kind)}
    return LoadedModel.of_network(chosen.network, double, exporters, chosen.notes, provenance)
