"""The signature that every ONNX file of a site has, and its check."""

from pathlib import Path

import onnx

from torch2web.catalog import ModelSpec
from torch2web.errors import ExportError

INPUT_NAME = "input"
OUTPUT_NAME = "output"
BATCH_AXIS = "batch"


def require_signature(spec: ModelSpec, path: Path, opset: int) -> None:
    """Raise ExportError unless the ONNX file `path` is valid and takes and gives what `spec` says.

    `input`, float32 [batch, channels, height, width] → `output`, float32 [batch, outputs], at `opset`. An
    output whose size the graph does not say is measured by the reference run.
    """
    try:
        onnx.checker.check_model(path, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(spec.name, f"onnx.checker reports: {error}") from error
    exported = onnx.load(path)
    opsets = {entry.domain: entry.version for entry in exported.opset_import}
    if opsets != {"": opset}:
        raise ExportError(spec.name, f"found opsets {opsets}, expected ONNX opset {opset} only")
    expected: dict[str, list[str | int | None]] = {
        INPUT_NAME: [BATCH_AXIS, *spec.input_shape],
        OUTPUT_NAME: [BATCH_AXIS, None if spec.may_be_binary else spec.outputs],
    }
    for value in (*exported.graph.input, *exported.graph.output):
        tensor = value.type.tensor_type
        shape = [axis.dim_param or axis.dim_value for axis in tensor.shape.dim]
        wanted = expected.pop(value.name, None)
        if tensor.elem_type != onnx.TensorProto.FLOAT or wanted is None or not _matches(shape, wanted):
            raise ExportError(spec.name, f"{value.name} {shape} is not the requested float32 tensor {wanted}")
    if expected:
        raise ExportError(spec.name, f"missing inputs or outputs: {', '.join(expected)}")


def _matches(shape: list[str | int], wanted: list[str | int | None]) -> bool:
    """Whether the sizes agree; None stands for any number."""
    return len(shape) == len(wanted) and all(
        isinstance(found, int) if size is None else found == size
        for found, size in zip(shape, wanted, strict=True)
    )
