"""Memory planning: offsets of tensors in one arena, without overlap of those that live at the same time."""

from dataclasses import dataclass

from torch2web.plan.format import Place
from torch2web.plan.program import Instruction, Program
from torch2web.plan.tensors import Tensor

_ALIGNMENT = 16
"""In floats: a cache line."""


@dataclass
class Lifetime:
    """First and last instruction that needs an allocation; `size` in floats."""

    tensor: Tensor
    size: int
    first: int
    last: int
    offset: int = -1


def place_tensors(program: Program) -> tuple[dict[Tensor, int], int]:
    """Offsets by allocation, and the size of the arena, in floats.

    Places the largest first, each at the lowest offset that is free during its lifetime. Tensors that take
    over the memory of an input get it as their `root`.
    """
    _reuse_inputs(program)
    lives = lifetimes(program)
    placed: list[Lifetime] = []
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


def _offset(life: Lifetime) -> int:
    return life.offset


def lifetimes(program: Program) -> list[Lifetime]:
    """Lifetime of each allocation, by number of instruction; the graph's input lives from -1 on."""
    lives: dict[Tensor, Lifetime] = {}

    def touch(tensor: Tensor, when: int) -> None:
        base = tensor.base
        if base.place != Place.ARENA:
            return
        if base not in lives:
            size = -(-base.length // _ALIGNMENT) * _ALIGNMENT
            lives[base] = Lifetime(base, size, when, when)
        lives[base].last = when

    touch(program.input, -1)
    for number, instruction in enumerate(program.instructions):
        for tensor in (*instruction.reads, instruction.writes):
            touch(tensor, number)
    touch(program.output, len(program.instructions))
    return list(lives.values())


def _reuse_inputs(program: Program) -> None:
    """Let outputs take over the memory of an input at its last read, where the operator allows it."""
    last: dict[Tensor, int] = {}
    writers: dict[Tensor, int] = {}
    for number, instruction in enumerate(program.instructions):
        for tensor in (*instruction.reads, instruction.writes):
            last[tensor.base] = number
        writers[instruction.writes.base] = writers.get(instruction.writes.base, 0) + 1
    last[program.output.base] = len(program.instructions)
    for number, instruction in enumerate(program.instructions):
        _reuse_input(number, instruction, last, writers)


def _reuse_input(
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
