"""Exports a PyTorch model to ONNX and checks opset, names, dtypes and shapes of the result."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from torch2web.architectures import load_architecture
from torch2web.catalog import ModelSpec
from torch2web.errors import ExportError

INPUT_NAME = "input"
OUTPUT_NAME = "output"
BATCH_AXIS = "batch"


def export_onnx(model: nn.Module, spec: ModelSpec, path: Path) -> None:
    """Export `model` to `path`: float32, [batch, 3, height, width] → [batch, classes], dynamic batch.

    Raises ExportError if PyTorch cannot export it, or if the file has another opset, name, dtype or shape.
    """
    exportable = load_architecture(spec.source.name).exportable(model)
    example = torch.zeros(1, *spec.input_shape)
    try:
        with warnings.catch_warnings():
            # dynamo=True supports opset 18 only for these networks; this one warns that it is deprecated.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                exportable,
                (example,),
                path,
                dynamo=False,
                opset_version=spec.opset,
                do_constant_folding=True,
                input_names=[INPUT_NAME],
                output_names=[OUTPUT_NAME],
                dynamic_axes={INPUT_NAME: {0: BATCH_AXIS}, OUTPUT_NAME: {0: BATCH_AXIS}},
            )
    except (RuntimeError, torch.onnx.OnnxExporterError) as error:
        raise ExportError(spec.name, f"PyTorch cannot express it in ONNX: {error}") from error
    _require_signature(spec, path)


def _require_signature(spec: ModelSpec, path: Path) -> None:
    try:
        onnx.checker.check_model(path, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(spec.name, f"onnx.checker reports: {error}") from error
    exported = onnx.load(path)
    opset = {entry.domain: entry.version for entry in exported.opset_import}
    if opset != {"": spec.opset}:
        raise ExportError(spec.name, f"found opsets {opset}, expected ONNX opset {spec.opset} only")
    expected = {
        INPUT_NAME: [BATCH_AXIS, *spec.input_shape],
        OUTPUT_NAME: [BATCH_AXIS, spec.outputs],
    }
    for value in (*exported.graph.input, *exported.graph.output):
        tensor = value.type.tensor_type
        shape = [axis.dim_param or axis.dim_value for axis in tensor.shape.dim]
        if value.name == OUTPUT_NAME and spec.outputs is None:  # the network alone tells
            expected[OUTPUT_NAME] = [BATCH_AXIS, *(size for size in shape[1:2] if isinstance(size, int))]
        if tensor.elem_type != onnx.TensorProto.FLOAT or shape != expected.pop(value.name, None):
            raise ExportError(spec.name, f"{value.name} {shape} is not the requested float32 tensor")
    if expected:
        raise ExportError(spec.name, f"missing inputs or outputs: {', '.join(expected)}")
