"""From a PyTorch model to an ONNX file that is what was asked for."""

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
    """Write `model` to `path`: float32 [batch, 3, height, width] in, [batch, classes] out, batch free.

    Raises ExportError where the file does not have the opset, the names or the shapes asked for.
    """
    exportable = load_architecture(spec.architecture).exportable(model)
    example = torch.zeros(1, *spec.input_shape)
    try:
        with warnings.catch_warnings():
            # dynamo=True stays at opset 18 for these networks; this exporter warns that it is the old one.
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
    _require_as_asked(spec, path)


def _require_as_asked(spec: ModelSpec, path: Path) -> None:
    try:
        onnx.checker.check_model(path, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(spec.name, f"onnx.checker found: {error}") from error
    exported = onnx.load(path)
    opset = {entry.domain: entry.version for entry in exported.opset_import}
    if opset != {"": spec.opset}:
        raise ExportError(spec.name, f"found opsets {opset}, expected only ONNX's own at {spec.opset}")
    expected = {
        INPUT_NAME: [BATCH_AXIS, *spec.input_shape],
        OUTPUT_NAME: [BATCH_AXIS, len(spec.labels)],
    }
    for value in (*exported.graph.input, *exported.graph.output):
        tensor = value.type.tensor_type
        shape = [axis.dim_param or axis.dim_value for axis in tensor.shape.dim]
        if tensor.elem_type != onnx.TensorProto.FLOAT or shape != expected.pop(value.name, None):
            raise ExportError(
                spec.name, f"found {value.name} {shape}, which is not the float32 tensor asked for"
            )
    if expected:
        raise ExportError(spec.name, f"it lacks {', '.join(expected)}")
