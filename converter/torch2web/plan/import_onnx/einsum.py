"""Imports Einsum of two operands: a batched matrix product between transpositions."""

from collections.abc import Sequence
from math import prod

from torch2web.plan.errors import PlanError
from torch2web.plan.format import ReduceKind
from torch2web.plan.import_onnx.reader import Node
from torch2web.plan.import_onnx.steps import Steps
from torch2web.plan.ir import Op, Value


def einsum(node: Node) -> list[Op]:
    """Labels of both operands and the output are the batch, those of both alone are summed over."""
    equation = node.attributes["equation"].decode().replace(" ", "")
    operands = [value for value in node.inputs if value is not None]
    terms, arrow, output = equation.partition("->")
    given = terms.split(",")
    if len(operands) != 2 or not arrow or "." in equation:
        raise PlanError(node.label, node.kind, f"equation {equation} is not supported, only a,b->c without …")
    if any(len(set(term)) != len(term) for term in (*given, output)):
        raise PlanError(node.label, node.kind, f"repeated labels are not supported: {equation}")
    steps = Steps(node)
    (left, a), (right, b) = (
        _summed(steps, value, term, given[1 - index] + output)
        for index, (value, term) in enumerate(zip(operands, given, strict=True))
    )
    batch = [label for label in a if label in b and label in output]
    summed = [label for label in a if label in b and label not in output]
    rows = [label for label in a if label not in b]
    columns = [label for label in b if label not in a]
    sizes = dict(zip(a, left.shape, strict=True)) | dict(zip(b, right.shape, strict=True))

    def arranged(value: Value, term: str, *groups: Sequence[str]) -> Value:
        moved = steps.transpose(value, [term.index(label) for group in groups for label in group])
        outer = [sizes[label] for label in groups[0]]
        return steps.view(moved, [*outer, *(prod(sizes[label] for label in group) for group in groups[1:])])

    product = steps.matmul(arranged(left, a, batch, rows, summed), arranged(right, b, batch, summed, columns))
    order = [*batch, *rows, *columns]
    apart = steps.view(product, [sizes[label] for label in order])
    return steps.finish(steps.transpose(apart, [order.index(label) for label in output]))


def _summed(steps: Steps, value: Value, term: str, needed: str) -> tuple[Value, str]:
    """The sum over labels that stand nowhere else."""
    axes = [axis for axis, label in enumerate(term) if label not in needed]
    if not axes:
        return value, term
    total = steps.reduce(value, ReduceKind.SUM, axes)
    remaining = "".join(label for label in term if label in needed)
    shape = [size for label, size in zip(term, value.shape, strict=True) if label in needed]
    return steps.view(total, shape), remaining
