"""Joins a mean over the columns of a map and the mean over its rows that follows into one."""

from torch2web.plan.ir import Graph, Mean


def join_means(graph: Graph) -> None:
    """One mean over both axes, as of a global average pool: the engine adds up exactly enough."""
    for op in list(graph.ops):
        if not isinstance(op, Mean) or len(op.inputs[0].shape) != 4 or op.axes != (3,):
            continue
        user = graph.only_user(op.output)
        # Rank 3: the first mean left its axis out.
        if isinstance(user, Mean) and user.axes == (2,):
            user.inputs[0], user.axes = op.inputs[0], (2, 3)
            graph.ops.remove(op)
