"""Values that are computed where a Concat needs them, without a copy."""

from collections import Counter

from torch2web.plan.ir import Concat, Conv, Graph, Op, Pool, Value
from torch2web.plan.lowering.strides import offsets

_CHANNELS = 1


def channels_in_place(graph: Graph) -> dict[Value, tuple[Value, int]]:
    """Outputs of convolutions and pools that only one Concat reads, and that once.

    By value the Concat's output, of which it is a range of channels, and its first channel.
    """
    uses = Counter(value for op in graph.ops for value in op.reads)
    uses[graph.output] += 1
    makers = {op.output: op for op in graph.ops}
    found: dict[Value, tuple[Value, int]] = {}
    for op in graph.ops:
        if not isinstance(op, Concat) or op.axis != _CHANNELS or not _is_image(op.output):
            continue
        starts = offsets([value.shape[_CHANNELS] for value in op.inputs])
        for value, start in zip(op.inputs, starts, strict=True):
            if uses[value] == 1 and _may_leave_gaps(makers.get(value)):
                found[value] = op.output, start
    return found


def _is_image(value: Value) -> bool:
    """Whether it is one image of several pixels."""
    return len(value.shape) == 4 and value.shape[0] == 1 and value.size > value.shape[_CHANNELS]


def _may_leave_gaps(op: Op | None) -> bool:
    """Whether the kernel can write pixels with gaps between them."""
    if isinstance(op, Conv):
        return op.residual is None and not op.is_depthwise
    return isinstance(op, Pool)
