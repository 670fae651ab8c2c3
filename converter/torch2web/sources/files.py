"""Files that hold a whole network: ONNX, TorchScript, and exported programs of torch.export."""

from pathlib import Path

from torch2web.catalog import ModelSpec
from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint import detect_format, read_checkpoint
from torch2web.sources.export import export_onnx
from torch2web.sources.exported_program import load_program
from torch2web.sources.loaded import ExportRecord, LoadedModel, run_in_double, run_in_torch
from torch2web.sources.onnx_file import load_onnx
from torch2web.sources.outputs import with_one_output
from torch2web.sources.torchscript import load_script

_ADVICE = "Name the network that was trained: factory (--factory MODULE:FUNCTION) or timm (--timm NAME)."


def load_file(spec: ModelSpec, path: Path) -> LoadedModel:
    """Load the network that is in `path`. Raises CheckpointError or ExportError."""
    kind = detect_format(path)
    if kind == "onnx":
        return load_onnx(spec, path)
    if kind not in ("torchscript", "exported_program"):
        read_checkpoint(path)  # raises for what is no checkpoint either
        raise CheckpointError(path, "it holds weights without a network", _ADVICE)
    network = load_script(path) if kind == "torchscript" else load_program(path)
    chosen = with_one_output(spec.name, network, spec.input_shape, spec.source.output)

    def export(target: Path) -> ExportRecord:
        return export_onnx(chosen.network, spec, target)

    return LoadedModel(
        reference=run_in_torch(chosen.network),
        reference64=run_in_double(chosen.network, spec.input_shape) if kind != "torchscript" else None,
        export=export,
        runtime="PyTorch",
        network=chosen.network,
        notes=chosen.notes,
        provenance={"architecture": path.name, "source": str(kind)},
    )
