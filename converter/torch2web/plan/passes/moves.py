"""Simplifies moves: views that change nothing, and transpositions that are views."""

from torch2web.plan.ir import Graph, Transpose, View


def simplify_moves(graph: Graph) -> None:
    """Transpositions that keep the order of axes longer than 1 become views; views of the same shape go."""
    for op in list(graph.ops):
        x = op.inputs[0]
        if isinstance(op, Transpose):
            long = [axis for axis in op.order if x.shape[axis] > 1]
            if long != sorted(long):
                continue
            view = View(op.label, [x], op.output)
            graph.replace(op, view)
            op = view
        if not isinstance(op, View) or x.shape != op.output.shape or op.output is graph.output:
            continue
        for user in graph.users(op.output):
            user.inputs[:] = [x if value is op.output else value for value in user.inputs]
        graph.ops.remove(op)
