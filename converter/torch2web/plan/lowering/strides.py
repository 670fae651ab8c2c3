"""Axes and how far apart their elements are."""

from collections.abc import Sequence
from itertools import accumulate
from math import prod

Strides = tuple[int, ...]


def dense(shape: Sequence[int]) -> Strides:
    """Of elements one after another, the last side fastest."""
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def channels_last(rank: int) -> tuple[int, ...]:
    """The axes of ONNX in the order in which a picture's lie in memory."""
    return (0, *range(2, rank), 1) if rank > 2 else tuple(range(rank))


def in_order(shape: Sequence[int], order: Sequence[int]) -> Strides:
    """By axis, where the axes lie in memory in this order."""
    ordered = dense([shape[axis] for axis in order])
    return tuple(ordered[order.index(axis)] for axis in range(len(shape)))


def visible(shape: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """The axes in order without those of size 1, which lie nowhere in particular."""
    return tuple(axis for axis in order if shape[axis] > 1)


def broadcast(shape: Sequence[int], strides: Strides, to: Sequence[int]) -> Strides:
    """Strides by axis of `to`: 0 where `shape` repeats."""
    missing = len(to) - len(shape)
    own = [0 if side == 1 else stride for side, stride in zip(shape, strides, strict=True)]
    return (0,) * missing + tuple(own)


def merged(shape: Sequence[int], *operands: Strides) -> tuple[tuple[int, ...], tuple[Strides, ...]]:
    """The same elements with as few axes as possible, at least one."""
    axes = [axis for axis, side in enumerate(shape) if side > 1]
    groups: list[tuple[int, tuple[int, ...]]] = []
    for axis in axes:
        steps = tuple(operand[axis] for operand in operands)
        if groups:
            size, outer = groups[-1]
            if all(o == s * shape[axis] for o, s in zip(outer, steps, strict=True)):
                groups[-1] = (size * shape[axis], steps)
                continue
        groups.append((shape[axis], steps))
    if not groups:
        groups = [(1, (1,) * len(operands))]
    sizes = tuple(size for size, _ in groups)
    return sizes, tuple(tuple(steps[i] for _, steps in groups) for i in range(len(operands)))


def runs(sizes: Sequence[int]) -> list[int]:
    """Where each of several pieces, one after another, begins."""
    return list(accumulate(sizes, initial=0))[:-1]
