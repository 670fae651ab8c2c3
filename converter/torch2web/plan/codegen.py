"""A program as the bytes that the engine reads: see `web/engine/plan/plan.h`."""

import struct
from dataclasses import dataclass, field

import numpy as np

from torch2web.plan.ir import Activation, Floats
from torch2web.plan.lowering import merged
from torch2web.plan.memory import place_tensors
from torch2web.plan.program import Field, Instruction, Place, Program, Record, Slot, SlotKind, Tensor

MAGIC = 0x50573254
VERSION = 1
_ABSENT = 0xFFFFFFFF
_RANK = 5
_CHECKED_FROM = 4
"""Words before those that the checksum is of."""


def write_program(program: Program, weights: list[str]) -> bytes:
    """`weights` are the stored ones, in the order of their numbers."""
    return _Writer(program, weights).write()


@dataclass
class _Writer:
    program: Program
    weights: list[str]
    tensors: list[tuple[int, int, int]] = field(default_factory=list)
    numbers: dict[Tensor, int] = field(default_factory=dict)
    slots: dict[Slot, int] = field(default_factory=dict)
    constants: list[Floats] = field(default_factory=list)
    constant_starts: dict[bytes, int] = field(default_factory=dict)
    constant_floats: int = 0
    sums: int = 0

    def write(self) -> bytes:
        self.offsets, arena = place_tensors(self.program)
        records = [self._record(record) for record in self.program.records]
        ops = [self._instruction(instruction) for instruction in self.program.instructions]
        ends = [self._tensor(self.program.input), self._tensor(self.program.output)]
        slots = [struct.pack("<4I", slot.kind, slot.groups, slot.inputs, slot.outputs) for slot in self.slots]
        tensors = [struct.pack("<3I", *tensor) for tensor in self.tensors]
        constants = [values.astype("<f4").tobytes() for values in self.constants]
        body = b"".join([*tensors, *slots, *records, *constants, *ops])
        counts = [len(tensors), len(slots), len(records), len(self.weights), self.constant_floats]
        counts += [len(ops), sum(map(len, ops)) // 4, arena, *ends, self.sums]
        rest = struct.pack(f"<{len(counts)}I", *counts) + body
        size = 4 * _CHECKED_FROM + len(rest)
        return struct.pack("<4I", MAGIC, VERSION, size, checksum(rest)) + rest

    def _record(self, record: Record) -> bytes:
        slot = self.slots.setdefault(record.slot, len(self.slots))
        weight, constant = _ABSENT, 0
        if isinstance(record.source, str):
            weight = self.weights.index(record.source)
        else:
            constant = self._constant(record.source)
        multiplier = _ABSENT if record.multiplier is None else self._constant(record.multiplier)
        shape = tuple(axis.size for axis in record.axes)
        steps = (tuple(axis.input for axis in record.axes), tuple(axis.output for axis in record.axes))
        # As few axes as possible: the engine has work to do between one run along the last and the next.
        # Rows and columns of a matrix stay, of size 1 too: by them it knows what it can keep small.
        sizes, strides = (shape, steps) if record.slot.kind == SlotKind.MATRIX else merged(shape, *steps)
        missing = _RANK - len(sizes)
        words = [slot, weight, constant, record.is_bias, multiplier, record.first_output]
        words += [*(1,) * missing, *sizes]
        for along in strides:
            words += [*(0,) * missing, *along]
        return struct.pack(f"<{len(words)}I", *words)

    def _constant(self, values: Floats) -> int:
        """The first float of a constant; the same values are stored once."""
        content = values.astype("<f4").tobytes()
        if content not in self.constant_starts:
            self.constant_starts[content] = self.constant_floats
            self.constants.append(values)
            self.constant_floats += values.size
        return self.constant_starts[content]

    def _tensor(self, tensor: Tensor) -> int:
        if tensor not in self.numbers:
            base, start = tensor.base, tensor.base_start
            if base.place == Place.ARENA:
                entry = (Place.ARENA, self.offsets[base] + start, tensor.length)
            elif base.place == Place.CONSTANT:
                assert base.constant is not None
                entry = (Place.CONSTANT, self._constant(base.constant) + start, tensor.length)
            elif base.place == Place.SLOT:
                assert base.slot is not None
                entry = (Place.SLOT, self.slots[base.slot], tensor.length)
            else:
                entry = (Place.SUMS, 0, tensor.length)
                self.sums = max(self.sums, tensor.length)
            self.numbers[tensor] = len(self.tensors)
            self.tensors.append(entry)
        return self.numbers[tensor]

    def _instruction(self, instruction: Instruction) -> bytes:
        return struct.pack("<I", instruction.kind) + b"".join(map(self._field, instruction.fields))

    def _field(self, value: Field) -> bytes:
        if value is None:
            return struct.pack("<I", _ABSENT)
        if isinstance(value, Tensor):
            return struct.pack("<I", self._tensor(value))
        if isinstance(value, Activation):
            return struct.pack("<iff", value.function, value.a, value.b)
        if isinstance(value, float | np.float32):
            return struct.pack("<f", value)
        return struct.pack("<i", value)


def checksum(content: bytes) -> int:
    """FNV-1a over words."""
    state = 2166136261
    for word in struct.unpack(f"<{len(content) // 4}I", content):
        state = (state ^ word) * 16777619 & 0xFFFFFFFF
    return state
