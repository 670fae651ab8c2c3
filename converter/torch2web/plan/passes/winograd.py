"""Chooses the convolutions that are computed by Winograd's transforms, and the tiles of each."""

from torch2web.plan.ir import Conv, Graph

TILES = (4, 2)
"""Pixels of a line of an output tile, the fastest and least exact first."""

MIN_CHANNELS = 12
"""Of a group: with fewer the transforms take longer than what they save."""

PER_VALUE = 10
"""Time to transform a value, in multiply-adds."""
PER_WEIGHT = 5
"""Time to read a transformed weight, in multiply-adds."""
HELD = 4
"""Multiply-adds that each weight held in memory has to save: 1 MiB has to save about 0.1 ms."""


def choose_tiles(graph: Graph, largest: int) -> None:
    """Set the tile of each convolution of `graph`: at most `largest` pixels a line, 0 for none."""
    for op in graph.ops:
        if isinstance(op, Conv):
            op.tile = _choose_tile(op, largest)


def tiles_by_name(graph: Graph) -> dict[str, int]:
    """Tiles of the convolutions that have any, by name of their ONNX node."""
    return {op.label: op.tile for op in graph.ops if isinstance(op, Conv) and op.tile}


def _choose_tile(op: Conv, largest: int) -> int:
    """The tile with the least time, with memory counted as time."""
    x, weight, _ = op.inputs
    outputs, channels = weight.shape[0] // op.group, weight.shape[1]
    fits = (
        len(x.shape) == 4
        and (op.kernel, op.strides, op.dilations) == ((3, 3), (1, 1), (1, 1))
        and min(outputs, channels) >= MIN_CHANNELS
    )
    if not fits:
        return 0
    height, width = (size + sum(op.pads[axis::2]) - 2 for axis, size in enumerate(x.shape[2:]))
    panels = -(-outputs // 8) * 8
    weights = (PER_WEIGHT + HELD) * channels * panels
    costs = {0: 9 * (height * width * (channels * panels + channels) + weights)}
    for tile in TILES:
        if tile <= largest:
            tiles = -(-height // tile) * -(-width // tile)
            each = channels * panels + PER_VALUE * (channels + panels)
            costs[tile] = (tile + 2) ** 2 * (tiles * each + weights)
    return min(costs, key=lambda tile: costs[tile])
