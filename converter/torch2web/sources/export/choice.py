"""Which exporters of PyTorch write a network's file, and in which order they are tried."""

from pathlib import Path

from torch import nn

from torch2web.architectures import load_architecture
from torch2web.catalog import ModelSpec
from torch2web.sources.export import program, traced
from torch2web.sources.loaded import Export, ExportRecord, first_that_exports


def exporters_of(
    model: nn.Module, spec: ModelSpec, *, program_batch: int | None = None, traced_batch: int | None = None
) -> tuple[Export, ...]:
    """The exporters of `model` that `spec` allows, the preferred first; a batch is a fixed one.

    `auto` tries that of torch.export first, and the older one where it fails or its file is refused. The
    networks of the demo are left to the older one, and so are opsets that torch.export does not write.
    """

    def by_program(path: Path) -> ExportRecord:
        return program.export_program(_exportable(model, spec), spec, path, program_batch)

    def by_tracing(path: Path) -> ExportRecord:
        return traced.export_traced(_exportable(model, spec), spec, path, traced_batch)

    known: dict[str, Export] = {program.NAME: by_program, traced.NAME: by_tracing}
    if spec.exporter != "auto":
        return (known[spec.exporter],)
    if spec.source.kind == "architecture":
        return (by_tracing,)
    return (by_program, by_tracing) if spec.opset >= program.LOWEST_OPSET else (by_tracing, by_program)


def export_onnx(model: nn.Module, spec: ModelSpec, path: Path) -> ExportRecord:
    """Export `model` to `path`: float32, [batch, channels, height, width] → [batch, outputs], dynamic batch.

    Raises ExportError if no exporter of `spec` can, or if its file has another opset, name, dtype or shape.
    """
    return first_that_exports(exporters_of(model, spec), path)


def _exportable(model: nn.Module, spec: ModelSpec) -> nn.Module:
    if spec.source.kind != "architecture":
        return model
    exportable: nn.Module = load_architecture(spec.source.name).exportable(model)
    return exportable
