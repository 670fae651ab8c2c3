"""PyTorch's exporter that follows torch.export."""

from pathlib import Path

import onnx
import torch
from onnx import helper
from torch import nn

from torch2web.catalog import ModelSpec
from torch2web.errors import ExportError
from torch2web.sources.export.errors import explained
from torch2web.sources.export.lower_opset import lowered
from torch2web.sources.export.node_names import with_module_names
from torch2web.sources.export.quiet import quiet
from torch2web.sources.graph_passes import fold_weights
from torch2web.sources.loaded import ExportRecord
from torch2web.sources.onnx import drop_unread, free_batch, tidy, with_signature
from torch2web.sources.signature import BATCH_AXIS, INPUT_NAME, OUTPUT_NAME, require_signature

NAME = "torch.export"

WRITTEN_OPSET = 18
"""The lowest that it writes."""
LOWEST_OPSET = 17
"""To which the file is lowered."""

_EXAMPLES = 2
"""Images of the example: torch.export takes a dimension of 1 for a constant."""


def export_program(model: nn.Module, spec: ModelSpec, path: Path, batch: int | None = None) -> ExportRecord:
    """Export `model` to `path` at the opset of `spec`; at 17 or 18 if that is lower.

    A `model` that takes exactly `batch` images is exported so, and the batch is freed in the file.
    Raises ExportError if PyTorch cannot export it, or if the file has another opset, name, dtype or shape.
    """
    example = torch.zeros(batch or _EXAMPLES, *spec.input_shape)
    try:
        with quiet(), torch.no_grad():
            outputs = model(example).shape[1]
            content = _exported(model, example, max(spec.opset, WRITTEN_OPSET), batch)
    except MemoryError:
        raise
    except Exception as error:  # of the network's own code, too
        raise ExportError(spec.name, explained(error, model, example)) from error
    content, opset, notes = lowered(tidy(with_module_names(content)), max(spec.opset, LOWEST_OPSET))
    content = drop_unread(free_batch(content, batch))
    fold_weights(content)
    content.ir_version = helper.find_min_ir_version_for(list(content.opset_import))
    onnx.save(with_signature(content, spec.input_shape, outputs), path)
    require_signature(spec, path, opset)
    if spec.opset < LOWEST_OPSET:
        notes = (f"exported at opset {opset}, as torch.export writes none below {LOWEST_OPSET}",)
    return ExportRecord(NAME, opset, notes)


def _exported(model: nn.Module, example: torch.Tensor, opset: int, batch: int | None) -> onnx.ModelProto:
    shapes = ({0: torch.export.Dim(BATCH_AXIS)},) if batch is None else None
    followed = torch.export.export(model, (example,), dynamic_shapes=shapes, strict=False)
    program = torch.onnx.export(
        followed,
        dynamo=True,
        opset_version=opset,
        input_names=[INPUT_NAME],
        output_names=[OUTPUT_NAME],
        verbose=False,
    )
    assert program is not None  # as dynamo=True returns one
    content: onnx.ModelProto = program.model_proto
    return content
