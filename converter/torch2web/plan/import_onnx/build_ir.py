"""Converts ONNX nodes to the intermediate representation: attributes, with their defaults by opset."""

from collections.abc import Callable, Mapping

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import ActivationKind, BinaryKind
from torch2web.plan.import_onnx import functions, normalizations, rearrange, reductions, windows
from torch2web.plan.import_onnx.arrays import cast, concat, dropout, slicing, split, transpose, view
from torch2web.plan.import_onnx.conv_pool import convolution, global_pool, pooling
from torch2web.plan.import_onnx.einsum import einsum
from torch2web.plan.import_onnx.functions import activation, function
from torch2web.plan.import_onnx.matrices import gemm, matmul
from torch2web.plan.import_onnx.padding import pad
from torch2web.plan.import_onnx.reader import Node, Traced
from torch2web.plan.import_onnx.reductions import reduction, softmax
from torch2web.plan.import_onnx.resize import resize
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.import_onnx.transposed_conv import columns_to_image, transposed_convolution
from torch2web.plan.ir import Binary, Graph, Op, Value, View

INFINITY = float("inf")


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
    first = node.inputs[0 if node.kind != "Where" else 1]  # its first input is a condition
    if first is not None and first.data is not None and first.data.dtype != np.float32:
        raise PlanError(node.label, node.kind, f"found {first.data.dtype}, expected float32")


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


def _average(node: Node) -> list[Op]:
    """Mean of any number of inputs."""
    steps = Steps(node)
    inputs = [value for value in node.inputs if value is not None]
    total = inputs[0]
    for value in inputs[1:]:
        total = steps.binary(BinaryKind.ADD, total, value)
    return steps.finish(steps.binary(BinaryKind.DIV, total, float(len(inputs))))


_MAKERS: Mapping[str, Callable[[Node], list[Op]]] = {
    "Abs": function(ActivationKind.ABS),
    "Add": _binary(BinaryKind.ADD),
    "ArgMax": reductions.index_of_largest,
    "ArgMin": reductions.index_of_smallest,
    "AveragePool": pooling,
    "BatchNormalization": normalizations.batch_normalization,
    "Cast": cast,
    "Celu": functions.celu,
    "Clip": activation(functions.clip),
    "Col2Im": columns_to_image,
    "Concat": concat,
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "DepthToSpace": rearrange.depth_to_space,
    "Div": _binary(BinaryKind.DIV),
    "Dropout": dropout,
    "Einsum": einsum,
    "Elu": activation(functions.elu),
    "Erf": function(ActivationKind.ERF),
    "Exp": function(ActivationKind.EXP),
    "Expand": rearrange.expand,
    "Flatten": view,
    "Gather": rearrange.gather,
    "Gelu": activation(functions.gelu),
    "Gemm": gemm,
    "GlobalAveragePool": global_pool,
    "GlobalLpPool": windows.global_lp_pool,
    "GlobalMaxPool": reductions.global_max_pool,
    "GroupNormalization": normalizations.group_normalization,
    "HardSigmoid": activation(functions.hard_sigmoid),
    "HardSwish": function(ActivationKind.HARD_SWISH, 1 / 6, 0.5),
    "Identity": view,
    "InstanceNormalization": normalizations.instance_normalization,
    "LayerNormalization": normalizations.layer_normalization,
    "LRN": windows.local_response_normalization,
    "LeakyRelu": activation(functions.leaky_relu),
    "Log": function(ActivationKind.LOG),
    "LogSoftmax": softmax,
    "LpNormalization": reductions.lp_normalization,
    "LpPool": windows.lp_pool,
    "MatMul": matmul,
    "Max": _binary(BinaryKind.MAX),
    "MaxPool": pooling,
    "MeanVarianceNormalization": normalizations.mean_variance_normalization,
    "Mean": _average,
    "Min": _binary(BinaryKind.MIN),
    "Mish": function(ActivationKind.MISH),
    "Mul": _binary(BinaryKind.MUL),
    "Neg": functions.negative,
    "PRelu": functions.prelu,
    "Pad": pad,
    "Pow": functions.power,
    "Reciprocal": functions.reciprocal,
    "ReduceL1": reduction(18, reductions.l1_norm),
    "ReduceL2": reduction(18, reductions.l2_norm),
    "ReduceLogSum": reduction(18, reductions.log_of_sum),
    "ReduceLogSumExp": reduction(18, reductions.log_of_sum_of_exp),
    "ReduceMax": reduction(18, reductions.largest),
    "ReduceMean": reductions.mean,
    "ReduceMin": reduction(18, reductions.smallest),
    "ReduceSum": reduction(13, reductions.total),
    "ReduceSumSquare": reduction(18, reductions.sum_of_squares),
    "RMSNormalization": normalizations.rms_normalization,
    "Relu": function(ActivationKind.CLIP, 0.0, INFINITY),
    "Reshape": view,
    "Resize": resize,
    "Selu": activation(functions.selu),
    "Shrink": functions.shrink,
    "Sigmoid": function(ActivationKind.SIGMOID),
    "Sign": functions.sign,
    "Slice": slicing,
    "Softmax": softmax,
    "Softplus": function(ActivationKind.SOFTPLUS),
    "Softsign": functions.softsign,
    "SpaceToDepth": rearrange.space_to_depth,
    "Split": split,
    "Sqrt": function(ActivationKind.SQRT),
    "Squeeze": view,
    "Sub": _binary(BinaryKind.SUB),
    "Sum": _binary(BinaryKind.ADD),
    "Swish": functions.swish,
    "Tanh": function(ActivationKind.TANH),
    "Tile": rearrange.tile,
    "Transpose": transpose,
    "Unsqueeze": view,
    "Upsample": resize,
    "Where": rearrange.where,
}

SUPPORTED = frozenset(_MAKERS)
"""Kinds of nodes that can be planned."""
