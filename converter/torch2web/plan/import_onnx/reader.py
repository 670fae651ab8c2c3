"""Reads an ONNX graph: shape inference and constant folding, node by node.

Inference of a node uses the constants that it reads, so that exported shape arithmetic (Shape, Gather,
Concat, Reshape …) is folded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper

from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx.evaluate import evaluate, first_line
from torch2web.plan.ir import Value

_MAX_STORED = 2**20
"""Maximum elements, for each sample, of a computed constant that an operator reads: the plan stores it."""
_MAX_FOLDED = 2**26
"""Maximum elements of any computed constant."""

_RANDOM = frozenset(f"Random{kind}{like}" for kind in ("Normal", "Uniform") for like in ("", "Like")) | {
    "Bernoulli",
    "Multinomial",
}


_OF_INTEGERS = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators that may read the indices of ArgMax."""

_SHAPED_AS_FIRST = frozenset({"GroupNormalization", "MeanVarianceNormalization"})
"""Operators without shape inference in onnx, whose output has the shape of the first input."""


@dataclass(frozen=True)
class Node:
    """A node that depends on the graph's input."""

    kind: str
    label: str
    inputs: tuple[Value | None, ...]
    """None: absent optional input."""
    outputs: tuple[Value, ...]
    attributes: Mapping[str, Any]
    opset: int

    @property
    def first(self) -> Value:
        """The first input, which is never optional."""
        value = self.inputs[0]
        assert value is not None, "checked by shape inference"
        return value

    def constant(self, index: int) -> NDArray[Any] | None:
        """Input `index`; None if absent. Raises PlanError unless it is a constant."""
        if index >= len(self.inputs) or (value := self.inputs[index]) is None:
            return None
        if value.data is None:
            raise PlanError(self.label, self.kind, f"input {index} must be a constant")
        return value.data


@dataclass(frozen=True)
class Traced:
    nodes: tuple[Node, ...]
    input: Value
    output: Value
    weights: tuple[str, ...]


def trace(model: onnx.ModelProto, batch: int | None) -> Traced:
    """Read `model` with `batch` as dimension 0 of its input; None keeps the dimensions of the model.

    Raises PlanError.
    """
    return _Tracer(model).trace(batch)


class _Tracer:
    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph = model.graph
        self.opset = next((entry.version for entry in model.opset_import if not entry.domain), 1)
        self.imports = [entry for entry in model.opset_import if not entry.domain]
        self.read = {name for node in self.graph.node for name in node.input}
        self.read |= {entry.name for entry in self.graph.output}
        self.values: dict[str, Value] = {}
        self.computed: set[str] = set()
        """Names of computed constants."""
        self.batch = 1
        self.weights: list[str] = []

    def trace(self, batch: int | None) -> Traced:
        for tensor in self.graph.initializer:
            self.values[tensor.name] = self._initializer(tensor)
        inputs = [entry for entry in self.graph.input if entry.name not in self.values]
        if len(inputs) != 1 or len(self.graph.output) != 1:
            found = f"found {len(inputs)} inputs and {len(self.graph.output)} outputs"
            raise PlanError(self.graph.name, "Graph", f"{found}, expected one of each")
        self.batch = batch or 1
        value = _graph_input(inputs[0], batch)
        self.values[value.name] = value
        nodes = list(self._nodes())
        output = self.values.get(self.graph.output[0].name)
        if output is None:
            raise PlanError(self.graph.output[0].name, "Output", "no operator computes this output")
        return Traced(tuple(nodes), value, output, tuple(self.weights))

    def _initializer(self, tensor: TensorProto) -> Value:
        if tensor.data_location == TensorProto.EXTERNAL:
            self.weights.append(tensor.name)
            return Value(tensor.name, tuple(tensor.dims), weight=tensor.name)
        return Value(tensor.name, tuple(tensor.dims), data=numpy_helper.to_array(tensor))

    def _nodes(self) -> Iterator[Node]:
        for proto in self.graph.node:
            label = proto.name or (proto.output[0] if proto.output else proto.op_type)
            if proto.domain not in ("", "ai.onnx"):
                raise PlanError(label, proto.op_type, f"domain {proto.domain} is not supported")
            if any(entry.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for entry in proto.attribute):
                raise PlanError(label, proto.op_type, "subgraphs are not supported")
            if proto.op_type in _RANDOM:
                raise PlanError(label, proto.op_type, "random operators are not supported")
            missing = [name for name in proto.input if name and name not in self.values]
            if missing:
                raise PlanError(
                    label, proto.op_type, f"input {missing[0]} is not computed by a preceding operator"
                )
            inputs = tuple(self.values[name] if name else None for name in proto.input)
            if self._fold(proto, label, inputs):
                continue
            if proto.op_type != "MatMul" and any(value and value.transposed for value in inputs):
                raise PlanError(label, proto.op_type, "computation on stored weights is not supported")
            if proto.op_type not in _OF_INTEGERS and any(value and value.integer for value in inputs):
                raise PlanError(label, proto.op_type, "computation with computed integers is not supported")
            self._require_storable(proto, label, inputs)
            attributes = {entry.name: helper.get_attribute_value(entry) for entry in proto.attribute}
            outputs = self._infer(proto, label, inputs)
            if attributes.get("ceil_mode", 0) and inputs[0] is not None:
                outputs = _without_late_windows(attributes, inputs[0].shape, outputs)
            self.values |= {value.name: value for value in outputs}
            yield Node(proto.op_type, label, inputs, outputs, attributes, self.opset)

    def _fold(self, proto: NodeProto, label: str, inputs: tuple[Value | None, ...]) -> bool:
        """Compute a node whose inputs are constants; whether it was folded."""
        if proto.op_type == "Shape" and inputs[0] is not None:
            shape = np.array(inputs[0].shape, np.int64)
            chosen = {entry.name: entry.i for entry in proto.attribute}
            self._set(proto.output[0], shape[chosen.get("start", 0) : chosen.get("end")])
            return True
        given = [value for value in inputs if value is not None]
        if not all(value.is_known for value in given):
            return False
        if proto.op_type == "Identity":  # two layers that share a weight
            name = proto.output[0]
            self.values[name] = replace(given[0], name=name)
            return True
        if proto.op_type == "Transpose" and given[0].weight and len(given[0].shape) == 2:
            matrix = given[0]
            self.values[proto.output[0]] = replace(
                matrix, name=proto.output[0], shape=matrix.shape[::-1], transposed=not matrix.transposed
            )
            return True
        data = {value.name: value.data for value in given if value.data is not None}
        if any(value.data is None for value in given):
            # A variant may round the weight, so this is computed on the device, with the rounded one.
            return False
        wanted = [name for name in proto.output if name in self.read]
        results = evaluate(proto, self.imports, data, wanted, label)
        for name, result in zip(wanted, results, strict=True):
            _require_size(label, proto.op_type, result.size, _MAX_FOLDED)
            self._set(name, result)
            self.computed.add(name)
        return True

    def _require_storable(self, proto: NodeProto, label: str, inputs: tuple[Value | None, ...]) -> None:
        for value in inputs:
            if value is not None and value.name in self.computed:
                _require_size(label, proto.op_type, value.size, _MAX_STORED * self.batch)

    def _set(self, name: str, data: NDArray[Any]) -> None:
        self.values[name] = Value(name, data.shape, data=data)

    def _infer(self, proto: NodeProto, label: str, inputs: tuple[Value | None, ...]) -> tuple[Value, ...]:
        if proto.op_type in _SHAPED_AS_FIRST and inputs[0] is not None:
            return (Value(proto.output[0], inputs[0].shape),)
        given = {value.name: value for value in inputs if value is not None}
        constants = [
            numpy_helper.from_array(value.data, value.name)
            for value in given.values()
            if value.data is not None and value.data.size <= 64
        ]
        types = [helper.make_tensor_value_info(v.name, _type_of(v), v.shape) for v in given.values()]
        outputs = [onnx.ValueInfoProto(name=name) for name in proto.output if name]
        graph = helper.make_graph([proto], "node", types, outputs, constants)
        model = helper.make_model(graph, opset_imports=self.imports)
        try:
            found = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph.output
        except onnx.shape_inference.InferenceError as error:
            raise PlanError(label, proto.op_type, f"shape inference failed: {first_line(error)}") from error
        return tuple(_inferred(entry, label, proto.op_type) for entry in found)


def _require_size(label: str, kind: str, found: int, most: int) -> None:
    if found > most:
        raise PlanError(label, kind, f"found a computed constant of {found:,} values, at most {most:,}")


def _graph_input(entry: onnx.ValueInfoProto, batch: int | None) -> Value:
    tensor = entry.type.tensor_type
    if tensor.elem_type != TensorProto.FLOAT:
        raise PlanError(entry.name, "Input", "expected float32")
    shape = [dimension.dim_value for dimension in tensor.shape.dim]
    if batch is not None and shape:
        shape[0] = batch
    if not all(shape):
        raise PlanError(entry.name, "Input", "only dimension 0 (batch) may be dynamic")
    return Value(entry.name, tuple(shape))


def _inferred(entry: onnx.ValueInfoProto, label: str, kind: str) -> Value:
    tensor = entry.type.tensor_type
    shape = tuple(dimension.dim_value for dimension in tensor.shape.dim)
    if not entry.type.HasField("tensor_type") or not tensor.HasField("shape") or not all(shape):
        raise PlanError(label, kind, f"the shape of {entry.name} is not static")
    return Value(entry.name, shape, integer=tensor.elem_type == TensorProto.INT64)


def _without_late_windows(
    attributes: Mapping[str, Any], x: tuple[int, ...], outputs: tuple[Value, ...]
) -> tuple[Value, ...]:
    """Outputs of a pool with ceil_mode, without windows that start in the padding after the input.

    Shape inference counts them; PyTorch, onnxruntime and ONNX's reference implementation omit them.
    """
    ones = [1] * (len(x) - 2)
    strides, pads = attributes.get("strides", ones), attributes.get("pads", [0] * 2 * len(ones))
    limits = [-(-(size + pad) // stride) for size, pad, stride in zip(x[2:], pads, strides, strict=False)]
    return tuple(
        replace(value, shape=(*value.shape[:2], *map(min, value.shape[2:], limits))) for value in outputs
    )


def _type_of(value: Value) -> int:
    if value.data is not None:
        return helper.np_dtype_to_tensor_dtype(value.data.dtype)
    return TensorProto.INT64 if value.integer else TensorProto.FLOAT
