"""PyTorch's older exporter, which records the operators of one run as TorchScript."""

from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from torch2web.catalog import ModelSpec
from torch2web.errors import ExportError
from torch2web.sources.export.errors import explained
from torch2web.sources.export.quiet import quiet
from torch2web.sources.export.unit_variances import unit_variances
from torch2web.sources.graph_passes import fold_weights
from torch2web.sources.loaded import ExportRecord
from torch2web.sources.onnx import free_batch, with_signature
from torch2web.sources.signature import BATCH_AXIS, INPUT_NAME, OUTPUT_NAME, require_signature

NAME = "torchscript"

_HIGHER_OPSETS = (18, 20)
"""Tried in turn where the network needs operators that the requested opset lacks."""


def export_traced(model: nn.Module, spec: ModelSpec, path: Path, batch: int | None = None) -> ExportRecord:
    """Export `model` to `path` at the opset of `spec`, or at a higher one if the network needs it.

    A `model` that takes exactly `batch` images is exported so, and the batch is freed in the file.
    Raises ExportError if PyTorch cannot export it, or if the file has another opset, name, dtype or shape.
    """
    exact = spec.source.kind == "architecture"  # the files of the demo's networks are as they were published
    first: ExportError | None = None
    for opset in (spec.opset, *(opset for opset in _HIGHER_OPSETS if opset > spec.opset and not exact)):
        try:
            _export(model, spec, path, opset, batch)
        except ExportError as error:
            first = first or error
            if "opset" not in error.problem:
                break
        else:
            notes = (f"exported at opset {opset}, as {first.problem}",) if first else ()
            return ExportRecord(NAME, opset, notes)
    assert first is not None
    raise first


def _export(model: nn.Module, spec: ModelSpec, path: Path, opset: int, batch: int | None) -> None:
    example = torch.zeros(batch or 1, *spec.input_shape)
    axes = {INPUT_NAME: {0: BATCH_AXIS}, OUTPUT_NAME: {0: BATCH_AXIS}} if batch is None else {}
    try:
        with quiet(), unit_variances(model):
            torch.onnx.export(
                _traced(model, example),
                (example,),
                path,
                dynamo=False,
                opset_version=opset,
                do_constant_folding=True,
                input_names=[INPUT_NAME],
                output_names=[OUTPUT_NAME],
                dynamic_axes=axes,
            )
    except MemoryError:
        raise
    except Exception as error:  # of the network's own code, too
        raise ExportError(spec.name, explained(error, model, example)) from error
    if spec.source.kind != "architecture":
        with torch.no_grad():
            outputs = model(example).shape[1]
        exported = free_batch(onnx.load(path), batch)
        fold_weights(exported)
        onnx.save(with_signature(exported, spec.input_shape, outputs), path)
    require_signature(spec, path, opset)


def _traced(model: nn.Module, example: Tensor) -> nn.Module:
    """A network around a TorchScript one as TorchScript, which the exporter takes whole."""
    script = torch.jit.ScriptModule
    if isinstance(model, script) or not any(isinstance(module, script) for module in model.modules()):
        return model
    trace: Any = torch.jit.trace  # untyped
    with quiet():
        traced: nn.Module = trace(model, example, check_trace=False)
    return traced
