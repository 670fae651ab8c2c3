"""Gives every tensor a place in one arena, so that those which live at the same time do not overlap."""

from dataclasses import dataclass

from torch2web.plan.program import Instruction, Place, Program, Tensor

_ALIGNMENT = 16
"""Floats: a cache line."""


@dataclass
class Life:
    tensor: Tensor
    size: int
    first: int
    last: int
    offset: int = -1


def place_tensors(program: Program) -> tuple[dict[Tensor, int], int]:
    """Offsets in floats by piece of memory, and the size of the arena.

    The largest first, each at the lowest place that is free while it lives.
    """
    _share_places(program)
    lives = lives_of(program)
    placed: list[Life] = []
    for life in sorted(lives, key=lambda life: (-life.size, life.first)):
        others = sorted((o for o in placed if o.first <= life.last and life.first <= o.last), key=_offset)
        at = 0
        for other in others:
            if at + life.size <= other.offset:
                break
            at = max(at, other.offset + other.size)
        life.offset = at
        placed.append(life)
    size = max((life.offset + life.size for life in placed), default=_ALIGNMENT)
    return {life.tensor: life.offset for life in placed}, size


def _offset(life: Life) -> int:
    return life.offset


def lives_of(program: Program) -> list[Life]:
    """When each piece of memory is first and last needed, by number of instruction; the input before all."""
    lives: dict[Tensor, Life] = {}

    def touch(tensor: Tensor, when: int) -> None:
        base = tensor.base
        if base.place != Place.ARENA:
            return
        if base not in lives:
            size = -(-base.length // _ALIGNMENT) * _ALIGNMENT
            lives[base] = Life(base, size, when, when)
        lives[base].last = when

    touch(program.input, -1)
    for number, instruction in enumerate(program.instructions):
        for tensor in (*instruction.reads, instruction.writes):
            touch(tensor, number)
    touch(program.output, len(program.instructions))
    return list(lives.values())


def _share_places(program: Program) -> None:
    """What is written goes in the place of what is read for the last time, where the operator allows that."""
    last: dict[Tensor, int] = {}
    writers: dict[Tensor, int] = {}
    for number, instruction in enumerate(program.instructions):
        for tensor in (*instruction.reads, instruction.writes):
            last[tensor.base] = number
        writers[instruction.writes.base] = writers.get(instruction.writes.base, 0) + 1
    last[program.output.base] = len(program.instructions)
    for number, instruction in enumerate(program.instructions):
        _share_place(number, instruction, last, writers)


def _share_place(
    number: int, instruction: Instruction, last: dict[Tensor, int], writers: dict[Tensor, int]
) -> None:
    written = instruction.writes
    if written.root is not None or writers[written] != 1:
        return
    for tensor in instruction.may_replace:
        base = tensor.base
        others = [read for read in instruction.reads if read not in instruction.may_replace]
        if any(other.base is base for other in others):
            continue
        whole = base.place == Place.ARENA and base.length == written.length == tensor.length
        if whole and base is not written and last[base] == number:
            written.root = base
            last[base] = last[written]
            return
