"""Passes that fuse operators. Each changes a graph in place; the result computes the same.

Their order matters: a residual is fused before the activation that follows it, and blocks are made of
convolutions that already have both.
"""

from collections.abc import Callable

from torch2web.plan.ir import Graph
from torch2web.plan.passes.activations import (
    fuse_activations,
    fuse_products_with_gates,
    join_hard_sigmoids,
    join_mish,
)
from torch2web.plan.passes.attention import fuse_attention
from torch2web.plan.passes.blocks import fuse_blocks
from torch2web.plan.passes.convolutions import fold_channel_factors, fold_padding, fuse_pools, fuse_residuals
from torch2web.plan.passes.gelu import fuse_gelu
from torch2web.plan.passes.matrices import fuse_transposed_matrices, join_matrices
from torch2web.plan.passes.means import join_means
from torch2web.plan.passes.moves import simplify_moves
from torch2web.plan.passes.norms import fuse_decomposed_normalizations, fuse_scales
from torch2web.plan.passes.products import fuse_products
from torch2web.plan.passes.scales import join_scales
from torch2web.plan.passes.squeeze import fuse_gates, fuse_means, fuse_squeeze_excite
from torch2web.plan.passes.winograd import TILES, choose_tiles, tiles_by_name

__all__ = ["PASSES", "TILES", "choose_tiles", "simplify", "tiles_by_name"]

PASSES: tuple[Callable[[Graph], None], ...] = (
    simplify_moves,
    join_means,
    fuse_attention,
    fuse_gelu,
    join_mish,
    join_hard_sigmoids,
    fuse_decomposed_normalizations,
    fuse_scales,
    fuse_transposed_matrices,
    fold_padding,
    fold_channel_factors,
    fuse_products_with_gates,
    join_matrices,
    fuse_products,
    fuse_residuals,
    join_scales,
    fuse_activations,
    fuse_pools,
    fuse_gates,
    fuse_squeeze_excite,
    fuse_means,
    fuse_blocks,
)


def simplify(graph: Graph) -> Graph:
    """Apply all passes to a copy of `graph`, which is not changed."""
    graph = graph.copy()
    for apply in PASSES:
        _remove_unused(graph)
        apply(graph)
    _remove_unused(graph)
    return graph


def _remove_unused(graph: Graph) -> None:
    needed = {graph.output}
    used = []
    for op in reversed(graph.ops):
        if op.output in needed:
            needed.update(op.reads)
            used.append(op)
    graph.ops[:] = reversed(used)
