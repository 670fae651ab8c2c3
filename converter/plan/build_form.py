"""From nodes of ONNX to the intermediate form: each operator's attributes, with their defaults by opset."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.plan.errors import PlanError
from converter.plan.form import (
    Activate,
    Activation,
    Arithmetic,
    Binary,
    Concat,
    Function,
    Graph,
    MatMul,
    Mean,
    Op,
    Pad,
    Product,
    Slice,
    Softmax,
    Transpose,
    Value,
    View,
)
from converter.plan.reading import Node, Traced
from converter.plan.windows import batch_normalization, convolution, global_pool, pooling

INFINITY = float("inf")
_LARGEST = float(np.finfo(np.float32).max)


def build_form(traced: Traced) -> Graph:
    """The operators of `traced` in the intermediate form. Raises PlanError for one that is not known."""
    ops: list[Op] = []
    for node in traced.nodes:
        make = _MAKERS.get(node.kind)
        if make is None:
            raise PlanError(node.label, node.kind, "this operator is not known to the compiled backend")
        _require_floats(node)
        ops.extend(make(node))
    return Graph(ops, traced.input, traced.output, list(traced.weights))


def _require_floats(node: Node) -> None:
    first = node.inputs[0]
    if first is not None and first.data is not None and first.data.dtype != np.float32:
        raise PlanError(node.label, node.kind, f"it computes with {first.data.dtype}, not float32")


def _x(node: Node) -> Value:
    value = node.inputs[0]
    assert value is not None, "checked by shape inference"
    return value


def _activation(make: Callable[[Node], Activation]) -> Callable[[Node], list[Op]]:
    return lambda node: [Activate(node.label, [_x(node)], node.outputs[0], make(node))]


def _clip(node: Node) -> Activation:
    bounds = []
    # Without bounds infinity becomes the largest number, which is how onnxruntime reads the default.
    for index, (name, default) in enumerate((("min", -_LARGEST), ("max", _LARGEST)), start=1):
        given = node.constant(index) if node.opset >= 11 else node.attributes.get(name)
        bounds.append(default if given is None else float(np.asarray(given).reshape(())))
    return Activation(Function.CLIP, *bounds)


def _fixed(function: Function, a: float = 0.0, b: float = 0.0) -> Callable[[Node], Activation]:
    return lambda _: Activation(function, a, b)


def _hard_sigmoid(node: Node) -> Activation:
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return Activation(Function.HARD_SIGMOID, alpha, beta)


def _leaky_relu(node: Node) -> Activation:
    return Activation(Function.LEAKY_RELU, node.attributes.get("alpha", 0.01))


def _binary(kind: Arithmetic) -> Callable[[Node], list[Op]]:
    def make(node: Node) -> list[Op]:
        inputs = [value for value in node.inputs if value is not None]
        if len(inputs) == 1:
            return [View(node.label, inputs, node.outputs[0])]
        ops: list[Op] = []
        for index, value in enumerate(inputs[1:], start=1):  # Min, Max and Sum take any number
            last = index == len(inputs) - 1
            left = ops[-1].output if ops else inputs[0]
            shape = np.broadcast_shapes(left.shape, value.shape)
            output = node.outputs[0] if last else Value(f"{node.outputs[0].name}.{index}", shape)
            ops.append(Binary(node.label, [left, value], output, kind))
        return ops

    return make


def _gemm(node: Node) -> list[Op]:
    attributes = node.attributes
    x, matrix = node.inputs[0], node.inputs[1]
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    assert x is not None
    assert matrix is not None
    ops: list[Op] = []
    if attributes.get("transA", 0):
        flipped = Value(f"{x.name}.transposed", x.shape[::-1])
        ops.append(Transpose(node.label, [x], flipped, (1, 0)))
        x = flipped
    alpha, beta = float(attributes.get("alpha", 1.0)), float(attributes.get("beta", 1.0))
    transposed = bool(attributes.get("transB", 0))
    outputs = node.outputs[0].shape[1]
    if not matrix.is_known:
        return [*ops, *_computed_gemm(node, x, matrix, bias, alpha, beta, transposed)]
    if bias is None:
        bias = _zeros(node, outputs)
    if bias.size == outputs and bias.is_known and bias.shape[-1:] == (outputs,):
        return [*ops, Product(node.label, [x, matrix, bias], node.outputs[0], transposed, alpha, beta)]
    product = Value(f"{node.outputs[0].name}.product", node.outputs[0].shape)
    first = Product(node.label, [x, matrix, _zeros(node, outputs)], product, transposed, alpha, 1.0)
    return [*ops, first, *_add_scaled(node, product, bias, beta)]


def _zeros(node: Node, count: int) -> Value:
    return Value(f"{node.label}.zeros", (count,), data=np.zeros(count, np.float32))


def _add_scaled(node: Node, product: Value, bias: Value, beta: float) -> list[Op]:
    ops: list[Op] = []
    if beta != 1.0:
        factor = Value(f"{node.label}.beta", (1,), data=np.array([beta], np.float32))
        scaled = Value(f"{bias.name}.scaled", bias.shape)
        ops.append(Binary(node.label, [bias, factor], scaled, Arithmetic.MUL))
        bias = scaled
    return [*ops, Binary(node.label, [product, bias], node.outputs[0], Arithmetic.ADD)]


def _computed_gemm(
    node: Node, x: Value, matrix: Value, bias: Value | None, alpha: float, beta: float, transposed: bool
) -> list[Op]:
    ops: list[Op] = []
    if transposed:
        flipped = Value(f"{matrix.name}.transposed", matrix.shape[::-1])
        ops.append(Transpose(node.label, [matrix], flipped, (1, 0)))
        matrix = flipped
    last = bias is None and alpha == 1.0
    product = node.outputs[0] if last else Value(f"{node.outputs[0].name}.product", node.outputs[0].shape)
    ops.append(MatMul(node.label, [x, matrix], product))
    if alpha != 1.0:
        scaled = node.outputs[0] if bias is None else Value(f"{product.name}.alpha", product.shape)
        factor = Value(f"{node.label}.alpha", (1,), data=np.array([alpha], np.float32))
        ops.append(Binary(node.label, [product, factor], scaled, Arithmetic.MUL))
        product = scaled
    return ops if bias is None else [*ops, *_add_scaled(node, product, bias, beta)]


def _matmul(node: Node) -> list[Op]:
    x, matrix = node.inputs[0], node.inputs[1]
    assert x is not None
    assert matrix is not None
    output = node.outputs[0]
    if not (matrix.is_known and len(matrix.shape) == 2 and len(x.shape) >= 2):
        return [MatMul(node.label, [x, matrix], output)]
    rows, outputs = x.size // x.shape[-1], matrix.shape[1]
    flat = Value(f"{x.name}.rows", (rows, x.shape[-1]))
    product = Value(f"{output.name}.rows", (rows, outputs))
    return [
        View(node.label, [x], flat),
        Product(node.label, [flat, matrix, _zeros(node, outputs)], product, transposed=False),
        View(node.label, [product], output),
    ]


def _axes(given: Any, rank: int) -> tuple[int, ...]:
    return tuple(sorted({int(axis) % rank for axis in np.asarray(given).reshape(-1)}))


def _mean(node: Node) -> list[Op]:
    x = _x(node)
    given = node.constant(1) if node.opset >= 18 else node.attributes.get("axes")
    if given is None or len(given) == 0:
        if node.attributes.get("noop_with_empty_axes", 0):
            return [View(node.label, [x], node.outputs[0])]
        given = range(len(x.shape))
    axes = _axes(list(given), len(x.shape))
    return [Mean(node.label, [x], node.outputs[0], axes)]


def _softmax(node: Node) -> list[Op]:
    x = _x(node)
    rank = len(x.shape)
    axis = int(node.attributes.get("axis", -1 if node.opset >= 13 else 1))
    if not -rank <= axis <= rank:
        raise PlanError(node.label, node.kind, f"axis {axis} of {rank}")
    if node.opset >= 13:
        axes: tuple[int, ...] = (axis % rank,)
    else:
        axes = tuple(range(axis + rank if axis < 0 else axis, rank))
    return [Softmax(node.label, [x], node.outputs[0], axes)]


def _transpose(node: Node) -> list[Op]:
    x = _x(node)
    order = tuple(node.attributes.get("perm", reversed(range(len(x.shape)))))
    return [Transpose(node.label, [x], node.outputs[0], order)]


def _concat(node: Node) -> list[Op]:
    inputs = [value for value in node.inputs if value is not None]
    axis = int(node.attributes.get("axis", 1)) % len(node.outputs[0].shape)
    return [Concat(node.label, inputs, node.outputs[0], axis)]


def _pad(node: Node) -> list[Op]:
    x = _x(node)
    rank = len(x.shape)
    mode = node.attributes.get("mode", b"constant").decode()
    if mode != "constant":
        raise PlanError(node.label, node.kind, f"mode {mode} is not supported, only constant")
    if node.opset >= 11:
        pads: Any = node.constant(1)
        filling = node.constant(2)
        value = 0.0 if filling is None else float(filling.reshape(()))
    else:
        pads, value = node.attributes["pads"], float(node.attributes.get("value", 0.0))
    axes = node.constant(3) if node.opset >= 18 else None
    before = [0] * rank
    chosen = range(rank) if axes is None else [int(axis) % rank for axis in axes]
    for index, axis in enumerate(chosen):
        before[axis] = int(pads[index])
    return [Pad(node.label, [x], node.outputs[0], tuple(before), value)]


def _slice(node: Node) -> list[Op]:
    x = _x(node)
    rank = len(x.shape)

    def given(index: int, name: str) -> NDArray[Any] | None:
        if node.opset >= 10:
            return node.constant(index)
        found = node.attributes.get(name)
        return None if found is None else np.asarray(found)

    starts = given(1, "starts")
    axes, steps = given(3, "axes"), given(4, "steps")
    assert starts is not None
    chosen = range(len(starts)) if axes is None else axes
    first, step = [0] * rank, [1] * rank
    for index, axis in enumerate(chosen):
        side = x.shape[int(axis) % rank]
        step[int(axis) % rank] = by = 1 if steps is None else int(steps[index])
        start = int(starts[index]) + (side if starts[index] < 0 else 0)
        first[int(axis) % rank] = min(max(start, 0), side - 1 if by < 0 else side)
    return [Slice(node.label, [x], node.outputs[0], tuple(first), tuple(step))]


def _view(node: Node) -> list[Op]:
    if len(node.outputs) > 1:
        raise PlanError(node.label, node.kind, "a second output is not supported")
    return [View(node.label, [_x(node)], node.outputs[0])]


def _dropout(node: Node) -> list[Op]:
    if node.opset >= 12 and (training := node.constant(2)) is not None and training.any():
        raise PlanError(node.label, node.kind, "it is in training mode")
    return _view(node)


_MAKERS: Mapping[str, Callable[[Node], list[Op]]] = {
    "Add": _binary(Arithmetic.ADD),
    "AveragePool": pooling,
    "BatchNormalization": batch_normalization,
    "Clip": _activation(_clip),
    "Concat": _concat,
    "Conv": convolution,
    "Div": _binary(Arithmetic.DIV),
    "Dropout": _dropout,
    "Flatten": _view,
    "Gemm": _gemm,
    "GlobalAveragePool": global_pool,
    "HardSigmoid": _activation(_hard_sigmoid),
    "HardSwish": _activation(_fixed(Function.HARD_SWISH, 1 / 6, 0.5)),
    "Identity": _view,
    "LeakyRelu": _activation(_leaky_relu),
    "MatMul": _matmul,
    "Max": _binary(Arithmetic.MAX),
    "MaxPool": pooling,
    "Min": _binary(Arithmetic.MIN),
    "Mul": _binary(Arithmetic.MUL),
    "Pad": _pad,
    "ReduceMean": _mean,
    "Relu": _activation(_fixed(Function.CLIP, 0.0, INFINITY)),
    "Reshape": _view,
    "Sigmoid": _activation(_fixed(Function.SIGMOID)),
    "Slice": _slice,
    "Softmax": _softmax,
    "Squeeze": _view,
    "Sub": _binary(Arithmetic.SUB),
    "Sum": _binary(Arithmetic.ADD),
    "Tanh": _activation(_fixed(Function.TANH)),
    "Transpose": _transpose,
    "Unsqueeze": _view,
}
