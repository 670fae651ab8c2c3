"""Strides of axes, in elements."""

from collections.abc import Sequence
from itertools import accumulate
from math import prod

Strides = tuple[int, ...]


def dense(shape: Sequence[int]) -> Strides:
    """Strides of a dense array, the last axis fastest."""
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def channels_last(rank: int) -> tuple[int, ...]:
    """ONNX axes in channels-last memory order."""
    return (0, *range(2, rank), 1) if rank > 2 else tuple(range(rank))


def in_order(shape: Sequence[int], order: Sequence[int]) -> Strides:
    """Strides by axis of a dense array with the axes in memory order `order`."""
    ordered = dense([shape[axis] for axis in order])
    return tuple(ordered[order.index(axis)] for axis in range(len(shape)))


def visible(shape: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """The axes of `order` without those of size 1, whose position does not matter."""
    return tuple(axis for axis in order if shape[axis] > 1)


def broadcast(shape: Sequence[int], strides: Strides, to: Sequence[int]) -> Strides:
    """Strides by axis of `to`; 0 for broadcast axes."""
    missing = len(to) - len(shape)
    own = [0 if size == 1 else stride for size, stride in zip(shape, strides, strict=True)]
    return (0,) * missing + tuple(own)


def merged(shape: Sequence[int], *operands: Strides) -> tuple[tuple[int, ...], tuple[Strides, ...]]:
    """Sizes and strides of the same elements with as few axes as possible, at least one."""
    axes = [axis for axis, size in enumerate(shape) if size > 1]
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


def offsets(sizes: Sequence[int]) -> list[int]:
    """Offset of each of several consecutive pieces."""
    return list(accumulate(sizes, initial=0))[:-1]
