"""Converts ONNX nodes to the intermediate representation: attributes, with their defaults by opset."""

from collections.abc import Callable, Mapping

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.import_onnx.arrays import concat, dropout, mean, slicing, softmax, split, transpose, view
from torch2web.plan.import_onnx.conv_pool import batch_normalization, convolution, global_pool, pooling
from torch2web.plan.import_onnx.matrices import gemm, matmul
from torch2web.plan.import_onnx.padding import pad
from torch2web.plan.import_onnx.reader import Node, Traced
from torch2web.plan.ir import Activate, Activation, Binary, Graph, Op, Value, View

INFINITY = float("inf")
_LARGEST = float(np.finfo(np.float32).max)


def build_ir(traced: Traced) -> Graph:
    """The graph in the intermediate representation. Raises PlanError for an unsupported operator."""
    ops: list[Op] = []
    for node in traced.nodes:
        make = _MAKERS.get(node.kind)
        if make is None:
            raise PlanError(node.label, node.kind, "operator not supported by the compiled backend")
        _require_floats(node)
        ops.extend(make(node))
    return Graph(ops, traced.input, traced.output, list(traced.weights))


def _require_floats(node: Node) -> None:
    first = node.inputs[0]
    if first is not None and first.data is not None and first.data.dtype != np.float32:
        raise PlanError(node.label, node.kind, f"found {first.data.dtype}, expected float32")


def _activation(make: Callable[[Node], Activation]) -> Callable[[Node], list[Op]]:
    return lambda node: [Activate(node.label, [node.first], node.outputs[0], make(node))]


def _clip(node: Node) -> Activation:
    bounds = []
    # The default bounds are the largest float32, as in onnxruntime: they clip infinities.
    for index, (name, default) in enumerate((("min", -_LARGEST), ("max", _LARGEST)), start=1):
        given = node.constant(index) if node.opset >= 11 else node.attributes.get(name)
        bounds.append(default if given is None else float(np.asarray(given).reshape(())))
    return Activation(ActivationKind.CLIP, *bounds)


def _fixed(kind: ActivationKind, a: float = 0.0, b: float = 0.0) -> Callable[[Node], Activation]:
    return lambda _: Activation(kind, a, b)


def _hard_sigmoid(node: Node) -> Activation:
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return Activation(ActivationKind.HARD_SIGMOID, alpha, beta)


def _leaky_relu(node: Node) -> Activation:
    return Activation(ActivationKind.LEAKY_RELU, node.attributes.get("alpha", 0.01))


def _binary(kind: BinaryKind) -> Callable[[Node], list[Op]]:
    def make(node: Node) -> list[Op]:
        inputs = [value for value in node.inputs if value is not None]
        if len(inputs) == 1:
            return [View(node.label, inputs, node.outputs[0])]
        ops: list[Op] = []
        for index, value in enumerate(inputs[1:], start=1):  # Min, Max and Sum take any number of inputs
            last = index == len(inputs) - 1
            left = ops[-1].output if ops else inputs[0]
            shape = np.broadcast_shapes(left.shape, value.shape)
            output = node.outputs[0] if last else Value(f"{node.outputs[0].name}.{index}", shape)
            ops.append(Binary(node.label, [left, value], output, kind))
        return ops

    return make


_MAKERS: Mapping[str, Callable[[Node], list[Op]]] = {
    "Add": _binary(BinaryKind.ADD),
    "AveragePool": pooling,
    "BatchNormalization": batch_normalization,
    "Clip": _activation(_clip),
    "Concat": concat,
    "Conv": convolution,
    "Div": _binary(BinaryKind.DIV),
    "Dropout": dropout,
    "Flatten": view,
    "Gemm": gemm,
    "GlobalAveragePool": global_pool,
    "HardSigmoid": _activation(_hard_sigmoid),
    "HardSwish": _activation(_fixed(ActivationKind.HARD_SWISH, 1 / 6, 0.5)),
    "Identity": view,
    "LeakyRelu": _activation(_leaky_relu),
    "MatMul": matmul,
    "Max": _binary(BinaryKind.MAX),
    "MaxPool": pooling,
    "Min": _binary(BinaryKind.MIN),
    "Mul": _binary(BinaryKind.MUL),
    "Pad": pad,
    "ReduceMean": mean,
    "Relu": _activation(_fixed(ActivationKind.CLIP, 0.0, INFINITY)),
    "Reshape": view,
    "Sigmoid": _activation(_fixed(ActivationKind.SIGMOID)),
    "Slice": slicing,
    "Softmax": softmax,
    "Split": split,
    "Squeeze": view,
    "Sub": _binary(BinaryKind.SUB),
    "Sum": _binary(BinaryKind.ADD),
    "Tanh": _activation(_fixed(ActivationKind.TANH)),
    "Transpose": transpose,
    "Unsqueeze": view,
}
