"""A plan is for one sample: the batch has to go through a graph untouched, or samples would mix."""

from torch2web.plan.errors import PlanError
from torch2web.plan.import_onnx.reader import Traced
from torch2web.plan.ir import Binary, Concat, Graph, MatMul, Op, Pad, Slice, Softmax, Transpose


def require_samples_apart(one: Traced, several: Traced, count: int) -> None:
    """The same graph, traced with a batch of 1 and of `count`: every shape differs in its first side only."""
    for node, other in zip(one.nodes, several.nodes, strict=True):
        for value, wider in zip(node.outputs, other.outputs, strict=True):
            if wider.shape != (count, *value.shape[1:]) or value.shape[:1] != (1,):
                found = f"for {count} samples it gives {list(wider.shape)}, for one {list(value.shape)}"
                raise PlanError(
                    node.label, node.kind, f"it does not keep the batch as the first axis: {found}"
                )


def require_axis_untouched(graph: Graph) -> None:
    """What shapes cannot show: operators that mix or reorder along the first axis."""
    for op in graph.ops:
        if problem := _problem(op):
            raise PlanError(op.label, type(op).__name__, problem)


def _problem(op: Op) -> str:
    match op:
        case Softmax() if 0 in op.axes:
            return "it is over the batch"
        case Transpose() if op.order[0] != 0:
            return "it moves the batch"
        case Concat() if op.axis == 0:
            return "it is along the batch"
        case Slice() if (op.starts[0], op.steps[0]) != (0, 1):
            return "it takes some of the batch"
        case Pad() if op.before[0] != 0:
            return "it pads the batch"
        case Binary() | MatMul():
            ranks = {len(value.shape) for value in op.inputs if not value.is_known}
            if len(ranks) > 1:
                return "its inputs have the batch on different axes"
    return ""
