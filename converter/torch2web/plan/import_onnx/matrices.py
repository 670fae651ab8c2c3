"""Imports Gemm and MatMul."""

from dataclasses import replace

import numpy as np

from torch2web.plan.errors import PlanError
from torch2web.plan.format import BinaryKind
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.ir import Binary, MatMul, Op, Product, Transpose, Value, View


def gemm(node: Node) -> list[Op]:
    """Gemm: a Product with a constant or stored matrix, otherwise a MatMul."""
    attributes = node.attributes
    x, matrix = node.first, node.inputs[1]
    bias = node.inputs[2] if len(node.inputs) > 2 else None
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
    elif bias.is_known and bias.size == 1:
        one = node.constant(2)
        assert one is not None
        bias = Value(f"{node.label}.bias", (outputs,), data=np.full(outputs, one.reshape(()), np.float32))
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
        ops.append(Binary(node.label, [bias, factor], scaled, BinaryKind.MUL))
        bias = scaled
    return [*ops, Binary(node.label, [product, bias], node.outputs[0], BinaryKind.ADD)]


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
        ops.append(Binary(node.label, [product, factor], scaled, BinaryKind.MUL))
        product = scaled
    return ops if bias is None else [*ops, *_add_scaled(node, product, bias, beta)]


def matmul(node: Node) -> list[Op]:
    """MatMul: a Product of rows with a constant or stored matrix, otherwise a MatMul."""
    x, matrix = node.first, node.inputs[1]
    assert matrix is not None
    output = node.outputs[0]
    if matrix.transposed and len(x.shape) < 2:
        raise PlanError(node.label, node.kind, "computation on stored weights is not supported")
    if not (matrix.is_known and len(matrix.shape) == 2 and len(x.shape) >= 2):
        return [MatMul(node.label, [x, matrix], output)]
    rows, outputs = x.size // x.shape[-1], matrix.shape[1]
    flat = Value(f"{x.name}.rows", (rows, x.shape[-1]))
    product = Value(f"{output.name}.rows", (rows, outputs))
    transposed = matrix.transposed
    if transposed:
        matrix = replace(matrix, name=str(matrix.weight), shape=matrix.shape[::-1], transposed=False)
    return [
        View(node.label, [x], flat),
        Product(node.label, [flat, matrix, _zeros(node, outputs)], product, transposed),
        View(node.label, [product], output),
    ]
