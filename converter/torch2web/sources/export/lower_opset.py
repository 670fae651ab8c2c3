"""Lowers the opset of an exported file by one: from 18, which torch.export writes, to 17.

Few operators differ between the two, and those that exporters write mostly in what is optional: such a file
is the same network under the other number.
"""

from collections.abc import Sequence

import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper

_FROM, _TO = 18, 17
_NEW_ATTRIBUTES = {
    "Resize": ("antialias", "axes", "keep_aspect_ratio_policy"),
    "Split": ("num_outputs",),
    "LpPool": ("ceil_mode", "dilations"),
    "ScatterElements": (),
    "ScatterND": (),
    "Pad": (),
}
"""Of operators that are otherwise the same in both."""
_MAX_INPUTS = {"Pad": 3, "Resize": 4, "Split": 2}
"""In opset 17. An axes input of Pad came with 18."""
_OLD_REDUCTIONS = ("none", "add", "mul")
"""Of ScatterElements and ScatterND."""


def lowered(model: ModelProto, wanted: int) -> tuple[ModelProto, int, tuple[str, ...]]:
    """A copy of `model` at opset `wanted` if it is at 18, `wanted` is 17, and its operators are in 17.

    Returns besides the opset that it has, and the reason where it is another one than wanted.
    """
    opset = next(entry.version for entry in model.opset_import if not entry.domain)
    if opset == wanted:
        return model, opset, ()
    changed = ModelProto()
    changed.CopyFrom(model)
    constants = {tensor.name: numpy_helper.to_array(tensor).tolist() for tensor in _integers(changed)}
    for node in changed.graph.node:
        if not _lower(node, constants):
            return model, opset, (f"exported at opset {opset}, as opset {wanted} has no such {node.op_type}",)
    for entry in changed.opset_import:
        if not entry.domain:
            entry.version = _TO
    try:
        onnx.checker.check_model(changed, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = str(error).splitlines()[0][:200]
        return model, opset, (f"exported at opset {opset}, as it is not valid at opset {wanted}: {reason}",)
    return changed, _TO, ()


def _integers(model: ModelProto) -> Sequence[onnx.TensorProto]:
    found = [tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.INT64]
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensor = onnx.TensorProto()
            tensor.CopyFrom(node.attribute[0].t)
            tensor.name = node.output[0]
            found += [tensor] if tensor.data_type == onnx.TensorProto.INT64 else []
    return found


def _lower(node: NodeProto, constants: dict[str, list[int]]) -> bool:
    """Make `node` one of opset 17, in place; False where it is none."""
    if any(entry.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS) for entry in node.attribute):
        return False
    kind = node.op_type
    if not onnx.defs.has(kind, _TO, ""):
        return False
    if onnx.defs.get_schema(kind, _TO).since_version == onnx.defs.get_schema(kind, _FROM).since_version:
        return True
    if kind.startswith("Reduce"):
        return _lower_reduction(node, constants)
    if kind not in _NEW_ATTRIBUTES:
        return False
    for entry in list(node.attribute):
        if entry.name in _NEW_ATTRIBUTES[kind]:
            if kind != "Split" and (entry.i or entry.ints or entry.s not in (b"", b"stretch")):
                return False
            node.attribute.remove(entry)
        elif entry.name == "reduction" and entry.s.decode() not in _OLD_REDUCTIONS:
            return False
    return len(node.input) <= _MAX_INPUTS.get(kind, len(node.input))


def _lower_reduction(node: NodeProto, constants: dict[str, list[int]]) -> bool:
    """Its axes become an attribute."""
    no_axes = next((entry for entry in node.attribute if entry.name == "noop_with_empty_axes"), None)
    if no_axes is not None:
        if no_axes.i:
            return False
        node.attribute.remove(no_axes)
    if len(node.input) > 1:
        axes = constants.get(node.input[1])
        if not isinstance(axes, list) or not axes:
            return False
        node.attribute.append(helper.make_attribute("axes", axes))
        del node.input[1:]
    return True
