"""Checks that samples stay independent: a plan is for one sample, so the batch must stay dimension 0."""

from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx.reader import Traced
from torch2web.plan.ir import Binary, Concat, Graph, MatMul, Op, Pad, Slice, Softmax, Transpose


def require_samples_apart(one: Traced, several: Traced, count: int) -> None:
    """Require that the shapes of both traces differ in dimension 0 only. Raises PlanError."""
    for node, other in zip(one.nodes, several.nodes, strict=True):
        for value, wider in zip(node.outputs, other.outputs, strict=True):
            if wider.shape != (count, *value.shape[1:]) or value.shape[:1] != (1,):
                found = f"found {list(value.shape)} for 1 sample, {list(wider.shape)} for {count}"
                raise PlanError(node.label, node.kind, f"the batch must stay dimension 0: {found}")


def require_axis_untouched(graph: Graph) -> None:
    """Operators that mix or reorder samples without changing a shape are refused. Raises PlanError."""
    for op in graph.ops:
        if problem := _problem(op):
            raise PlanError(op.label, type(op).__name__, problem)


def _problem(op: Op) -> str:
    match op:
        case Softmax() if 0 in op.axes:
            return "its axes include the batch"
        case Transpose() if op.order[0] != 0:
            return "it permutes the batch axis"
        case Concat() if op.axis == 0:
            return "it concatenates along the batch axis"
        case Slice() if (op.starts[0], op.steps[0]) != (0, 1):
            return "it slices the batch axis"
        case Pad() if op.before[0] != 0:
            return "it pads the batch axis"
        case Binary() | MatMul():
            ranks = {len(value.shape) for value in op.inputs if not value.is_known}
            if len(ranks) > 1:
                return "its inputs differ in rank, so the batch is on different axes"
    return ""
