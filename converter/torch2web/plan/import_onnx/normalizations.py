"""Imports normalizations by mean and variance."""

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.ir import Binary, Op, Value


def layer_normalization(node: Node) -> list[Op]:
    if len(node.outputs) > 1:
        raise PlanError(node.label, node.kind, "its outputs of mean and deviation are not supported")
    steps, x = Steps(node), node.first
    axis = int(node.attributes.get("axis", -1)) % len(x.shape)
    axes = range(axis, len(x.shape))
    result = steps.normalize(x, axes, float(node.attributes.get("epsilon", 1e-5)))
    return steps.finish(_scaled(steps, result, _given(node, 1), _given(node, 2)))


def instance_normalization(node: Node) -> list[Op]:
    steps, x = Steps(node), node.first
    result = steps.normalize(x, range(2, len(x.shape)), float(node.attributes.get("epsilon", 1e-5)))
    return steps.finish(_by_channel(steps, result, _given(node, 1), _given(node, 2)))


def group_normalization(node: Node) -> list[Op]:
    """One scale a group before opset 21, one a channel since."""
    steps, x = Steps(node), node.first
    groups = int(node.attributes["num_groups"])
    grouped = steps.view(x, (x.shape[0], groups, x.size // x.shape[0] // groups))
    result = steps.normalize(grouped, (2,), float(node.attributes.get("epsilon", 1e-5)))
    scale, shift = _given(node, 1), _given(node, 2)
    if node.opset < 21:
        return steps.finish(steps.view(_by_channel(steps, result, scale, shift), x.shape))
    return steps.finish(_by_channel(steps, steps.view(result, x.shape), scale, shift))


def rms_normalization(node: Node) -> list[Op]:
    """By the root of the mean square over the axes from `axis` on."""
    steps, x = Steps(node), node.first
    axes = range(int(node.attributes.get("axis", -1)) % len(x.shape), len(x.shape))
    mean = steps.mean(steps.binary(BinaryKind.MUL, x, x), axes)
    shifted = steps.binary(BinaryKind.ADD, mean, float(node.attributes.get("epsilon", 1e-5)))
    root = steps.activate(shifted, ActivationKind.SQRT)
    return steps.finish(_scaled(steps, steps.binary(BinaryKind.DIV, x, root), _given(node, 1), None))


def mean_variance_normalization(node: Node) -> list[Op]:
    """Divided by the deviation plus 1e-9, which matters where the deviation is 0."""
    steps, x = Steps(node), node.first
    axes = sorted(int(axis) % len(x.shape) for axis in node.attributes.get("axes", (0, 2, 3)))
    return steps.finish(steps.normalize(x, axes, 1e-18))


def batch_normalization(node: Node) -> list[Op]:
    """A multiplication and an addition by channel, which a pass folds into a preceding convolution."""
    x = node.first
    if node.attributes.get("training_mode", 0) or len(node.outputs) > 1:
        raise PlanError(node.label, node.kind, "training mode is not supported")
    factors = [node.constant(index) for index in range(1, 5)]
    scale, bias, mean, variance = (np.asarray(factor, np.float64) for factor in factors)
    epsilon = float(node.attributes.get("epsilon", 1e-5))
    shape = (-1, *[1] * (len(x.shape) - 2))
    factor = scale / np.sqrt(variance + epsilon)
    constants = [
        Value(f"{node.label}.{name}", data.shape, data=data)
        for name, data in (
            ("factor", factor.astype(np.float32).reshape(shape)),
            ("shift", (bias - mean * factor).astype(np.float32).reshape(shape)),
        )
    ]
    scaled = Value(f"{node.outputs[0].name}.scaled", x.shape)
    return [
        Binary(node.label, [x, constants[0]], scaled, BinaryKind.MUL),
        Binary(node.label, [scaled, constants[1]], node.outputs[0], BinaryKind.ADD),
    ]


def _given(node: Node, index: int) -> Value | None:
    return node.inputs[index] if index < len(node.inputs) else None


def _scaled(steps: Steps, x: Value, scale: Value | None, shift: Value | None) -> Value:
    if scale is not None:
        x = steps.binary(BinaryKind.MUL, x, scale)
    return x if shift is None else steps.binary(BinaryKind.ADD, x, shift)


def _by_channel(steps: Steps, x: Value, scale: Value | None, shift: Value | None) -> Value:
    """Scale and shift of shape [x.shape[1]]."""
    ones = [1] * (len(x.shape) - 2)
    shaped = [None if value is None else _view(steps, value, (value.size, *ones)) for value in (scale, shift)]
    return _scaled(steps, x, *shaped)


def _view(steps: Steps, value: Value, shape: tuple[int, ...]) -> Value:
    if value.data is not None:
        return steps.constant(value.data.reshape(shape))
    return steps.view(value, shape)
