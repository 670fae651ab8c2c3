"""Exports a PyTorch network to ONNX and checks opset, names, dtypes and shapes of the result."""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from torch2web.architectures import load_architecture
from torch2web.catalog import ModelSpec
from torch2web.errors import ExportError
from torch2web.sources.export_errors import explained
from torch2web.sources.loaded import ExportRecord
from torch2web.sources.onnx_batch import free_batch
from torch2web.sources.onnx_rewrite import with_signature
from torch2web.sources.signature import BATCH_AXIS, INPUT_NAME, OUTPUT_NAME, require_signature

_FALLBACK_OPSETS = (18, 20)
"""Tried in turn where the network needs operators that the requested opset lacks."""
_BATCH = 2
"""Of the example: torch.export takes a dimension of 1 for a constant."""


def export_onnx(model: nn.Module, spec: ModelSpec, path: Path, batch: int | None = None) -> ExportRecord:
    """Export `model` to `path`: float32, [batch, channels, height, width] → [batch, outputs], dynamic batch.

    The older exporter of PyTorch writes the opset of `spec`, or a higher one if the network needs it; what it
    cannot express is left to the newer one. The architectures of the
    demo are exported by the older one at the opset of `spec`, and by nothing else.
    A `model` that takes exactly `batch` images is exported so, and the batch is freed in the file.
    Raises ExportError if PyTorch cannot export it, or if the file has another opset, name, dtype or shape.
    """
    if spec.source.kind == "architecture":
        exportable = load_architecture(spec.source.name).exportable(model)
        _export_traced(exportable, spec, path, spec.opset)
        return ExportRecord("torchscript", spec.opset)
    failures: list[ExportError] = []
    for opset in (spec.opset, *(opset for opset in _FALLBACK_OPSETS if opset > spec.opset)):
        try:
            _export_traced(model, spec, path, opset, batch)
        except ExportError as error:
            failures.append(error)
            if "opset" not in error.problem:
                break
        else:
            return ExportRecord("torchscript", opset, _raised(failures, spec.opset, opset))
    if batch is None:
        with contextlib.suppress(ExportError):
            opset = export_program(model, spec, path)
            return ExportRecord("torch.export", opset, _raised(failures, spec.opset, opset))
    raise failures[0]


def _raised(failures: list[ExportError], wanted: int, taken: int) -> tuple[str, ...]:
    if taken == wanted:
        return ()
    return (f"exported at opset {taken}, as {failures[0].problem}",)


def _export_traced(
    model: nn.Module, spec: ModelSpec, path: Path, opset: int, batch: int | None = None
) -> None:
    """By the exporter that records the operators of one run."""
    example = torch.zeros(batch or 1, *spec.input_shape)
    model = _traced(model, example)
    axes = {INPUT_NAME: {0: BATCH_AXIS}, OUTPUT_NAME: {0: BATCH_AXIS}} if batch is None else {}
    try:
        with _quiet():
            torch.onnx.export(
                model,
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
        onnx.save(with_signature(exported, spec.input_shape, outputs), path)
    require_signature(spec, path, opset)


def _traced(model: nn.Module, example: Tensor) -> nn.Module:
    """A network around a TorchScript one as TorchScript, which the exporter takes whole."""
    script = torch.jit.ScriptModule
    if isinstance(model, script) or not any(isinstance(module, script) for module in model.modules()):
        return model
    trace: Any = torch.jit.trace  # untyped
    with _quiet():
        traced: nn.Module = trace(model, example, check_trace=False)
    return traced


def export_program(model: nn.Module, spec: ModelSpec, path: Path) -> int:
    """By the exporter that follows torch.export; the opset of the file."""
    example = torch.zeros(_BATCH, *spec.input_shape)
    opset = max(spec.opset, _FALLBACK_OPSETS[0])  # it writes none below 18
    try:
        with _quiet():
            program = torch.onnx.export(
                model,
                (example,),
                dynamo=True,
                opset_version=opset,
                input_names=[INPUT_NAME],
                output_names=[OUTPUT_NAME],
                dynamic_shapes=({0: torch.export.Dim(BATCH_AXIS)},),
                verbose=False,
            )
            assert program is not None  # as dynamo=True returns one
            program.save(path, external_data=False)
    except MemoryError:
        raise
    except Exception as error:
        raise ExportError(spec.name, explained(error, model, example)) from error
    require_signature(spec, path, opset)
    return opset


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings, log lines and output: of both exporters, of tracing, and of the network's code."""
    logger = logging.getLogger("torch.onnx")
    before, fast = logger.level, torch.backends.mha.get_fastpath_enabled()
    logger.setLevel(logging.CRITICAL)
    torch.backends.mha.set_fastpath_enabled(False)  # one fused operator that ONNX does not have
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _no_output_of_c():
            # One exporter warns that it is deprecated, the other about its own dependencies.
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        logger.setLevel(before)


@contextlib.contextmanager
def _no_output_of_c() -> Iterator[None]:
    """Without what C++ prints to the standard output: the whole graph, where it cannot be exported."""
    sys.__stdout__.flush() if sys.__stdout__ else None
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
