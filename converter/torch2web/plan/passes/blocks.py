"""Fuses inverted residuals, so that intermediate results are not stored."""

from torch2web.plan.ir import Block, Conv, Graph, Op


def fuse_blocks(graph: Graph) -> None:
    """Fuse a depthwise convolution with the preceding pointwise one, the following one, or both."""
    for op in list(graph.ops):
        if (
            not isinstance(op, Conv)
            or not op.is_depthwise
            or op.dilations != (1, 1)
            or op.output.shape[0] != 1
        ):
            continue
        expand = _plain_pointwise(graph.producer(op.inputs[0]))
        if expand and graph.only_user(op.inputs[0]) is not op:
            expand = None
        project = None if op.with_sums else _plain_pointwise(graph.only_user(op.output), residual=True)
        if project and project.inputs[0] is not op.output:
            project = None  # it reads `op` as its residual only
        if expand is None and project is None:
            continue
        x = expand.inputs[0] if expand else op.inputs[0]
        residual = [project.residual] if project and project.residual else []
        output = project.output if project else op.output
        block = Block(op.label, [x, *residual], output, expand, op, project, op.with_sums)
        if expand:
            graph.ops.remove(expand)
        if project:
            # At the position of the last one, as its residual may be computed in between.
            graph.ops.remove(op)
        graph.replace(project or op, block)


def _plain_pointwise(op: Op | None, *, residual: bool = False) -> Conv | None:
    if not isinstance(op, Conv) or not op.is_pointwise or op.gate is not None:
        return None
    return op if residual or op.residual is None else None
