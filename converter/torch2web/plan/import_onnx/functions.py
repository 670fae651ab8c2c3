"""Imports functions of one number."""

from collections.abc import Callable

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.ir import Activate, Activation, Op, Value

Maker = Callable[[Node], list[Op]]

_LARGEST = float(np.finfo(np.float32).max)

_MAX_POWER = 16


def function(kind: ActivationKind, a: float = 0.0, b: float = 0.0) -> Maker:
    """A function with fixed parameters."""
    return activation(lambda _: Activation(kind, a, b))


def activation(make: Callable[[Node], Activation]) -> Maker:
    return lambda node: [Activate(node.label, [node.first], node.outputs[0], make(node))]


def clip(node: Node) -> Activation:
    bounds = []
    # The default bounds are the largest float32, as in onnxruntime: they clip infinities.
    for index, (name, default) in enumerate((("min", -_LARGEST), ("max", _LARGEST)), start=1):
        given = node.constant(index) if node.opset >= 11 else node.attributes.get(name)
        bounds.append(default if given is None else float(np.asarray(given).reshape(())))
    return Activation(ActivationKind.CLIP, *bounds)


def hard_sigmoid(node: Node) -> Activation:
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return Activation(ActivationKind.HARD_SIGMOID, alpha, beta)


def leaky_relu(node: Node) -> Activation:
    return Activation(ActivationKind.LEAKY_RELU, node.attributes.get("alpha", 0.01))


def elu(node: Node) -> Activation:
    return Activation(ActivationKind.ELU, node.attributes.get("alpha", 1.0), 1.0)


def selu(node: Node) -> Activation:
    alpha = node.attributes.get("alpha", 1.6732632423543772)
    gamma = node.attributes.get("gamma", 1.0507009873554805)
    return Activation(ActivationKind.ELU, alpha * gamma, gamma)


def gelu(node: Node) -> Activation:
    tanh = node.attributes.get("approximate", b"none") == b"tanh"
    return Activation(ActivationKind.GELU_TANH if tanh else ActivationKind.GELU)


def celu(node: Node) -> list[Op]:
    """max(x, 0) + alpha · Elu(min(x, 0) / alpha)."""
    steps, x, alpha = Steps(node), node.first, float(node.attributes.get("alpha", 1.0))
    below = steps.binary(BinaryKind.DIV, steps.binary(BinaryKind.MIN, x, 0.0), alpha)
    curve = steps.activate(below, ActivationKind.ELU, alpha, alpha)
    return steps.finish(steps.binary(BinaryKind.ADD, steps.binary(BinaryKind.MAX, x, 0.0), curve))


def negative(node: Node) -> list[Op]:
    steps = Steps(node)
    return steps.finish(steps.binary(BinaryKind.MUL, node.first, -1.0))


def reciprocal(node: Node) -> list[Op]:
    steps = Steps(node)
    return steps.finish(steps.binary(BinaryKind.DIV, 1.0, node.first))


def softsign(node: Node) -> list[Op]:
    steps, x = Steps(node), node.first
    below = steps.binary(BinaryKind.ADD, steps.activate(x, ActivationKind.ABS), 1.0)
    return steps.finish(steps.binary(BinaryKind.DIV, x, below))


def swish(node: Node) -> list[Op]:
    """x · sigmoid(alpha · x)."""
    steps, alpha = Steps(node), float(node.attributes.get("alpha", 1.0))
    inner = node.first if alpha == 1.0 else steps.binary(BinaryKind.MUL, node.first, alpha)
    gate = steps.activate(inner, ActivationKind.SIGMOID)
    return steps.finish(steps.binary(BinaryKind.MUL, node.first, gate))


def shrink(node: Node) -> list[Op]:
    """x - bias above lambd, x + bias below -lambd, 0 between: only for a bias of 0 or lambd."""
    steps, x = Steps(node), node.first
    bias, limit = (float(node.attributes.get(name, value)) for name, value in (("bias", 0.0), ("lambd", 0.5)))
    if bias != limit:
        problem = f"found bias {bias:g} and lambd {limit:g}, only equal ones are supported"
        raise PlanError(node.label, node.kind, problem)
    inside = steps.activate(x, ActivationKind.CLIP, -limit, limit)
    return steps.finish(steps.binary(BinaryKind.SUB, x, inside))


def prelu(node: Node) -> list[Op]:
    """max(x, 0) + slope · min(x, 0)."""
    steps, x, slope = Steps(node), node.first, node.inputs[1]
    assert slope is not None
    if node.opset < 7 and len(slope.shape) == 1 and len(x.shape) > 2:  # of the channels
        slope = steps.view(slope, (slope.size, *[1] * (len(x.shape) - 2)))
    below = steps.binary(BinaryKind.MUL, slope, steps.binary(BinaryKind.MIN, x, 0.0))
    return steps.finish(steps.binary(BinaryKind.ADD, steps.binary(BinaryKind.MAX, x, 0.0), below))


def sign(node: Node) -> list[Op]:
    """Clipped between -1 and 1 after it was made large: twice, as the least numbers are below 1 / largest."""
    steps, x = Steps(node), node.first
    for _ in range(2):
        x = steps.activate(steps.binary(BinaryKind.MUL, x, _LARGEST), ActivationKind.CLIP, -1.0, 1.0)
    return steps.finish(x)


def power(node: Node) -> list[Op]:
    """Pow with a constant exponent."""
    given = node.constant(1)
    assert given is not None
    if given.size != 1:
        raise PlanError(node.label, node.kind, f"found {given.size} exponents, only one is supported")
    steps = Steps(node)
    return steps.finish(raised(steps, node.first, float(given.reshape(()))))


def raised(steps: Steps, x: Value, exponent: float) -> Value:
    """Products for a small integer exponent, a root, else exp(exponent · log x). Raises PlanError."""
    magnitude = abs(exponent)
    if magnitude == 0.5:
        result = steps.activate(x, ActivationKind.SQRT)
    elif magnitude.is_integer() and 1 <= magnitude <= _MAX_POWER:
        result = _integer_power(steps, x, int(magnitude))
    elif exponent.is_integer():
        node, found = steps.node, f"found an exponent of {exponent:g}"
        raise PlanError(node.label, node.kind, f"{found}, integers from 1 to {_MAX_POWER} are supported")
    else:
        scaled = steps.binary(BinaryKind.MUL, steps.activate(x, ActivationKind.LOG), magnitude)
        result = steps.activate(scaled, ActivationKind.EXP)
    return steps.binary(BinaryKind.DIV, 1.0, result) if exponent < 0 else result


def _integer_power(steps: Steps, x: Value, exponent: int) -> Value:
    """By squares."""
    result: Value | None = None
    square = x
    while exponent:
        if exponent & 1:
            result = square if result is None else steps.binary(BinaryKind.MUL, result, square)
        exponent >>= 1
        if exponent:
            square = steps.binary(BinaryKind.MUL, square, square)
    assert result is not None
    return result
