"""A program as the bytes that the engine reads: see `web/engine/plan/format.h`."""

import struct
from dataclasses import astuple, dataclass, field, replace

from torch2web.plan.field_types import ABSENT
from torch2web.plan.format import (
    PACK_RANK,
    PLAN_MAGIC,
    PLAN_VERSION,
    HeaderWords,
    PackedLayout,
    PackedWeightWords,
    PackRuleWords,
    Place,
    TensorWords,
)
from torch2web.plan.ir import Floats
from torch2web.plan.lowering import merged
from torch2web.plan.memory import place_tensors
from torch2web.plan.program import Instruction, Program
from torch2web.plan.tensors import PackedWeight, PackRule, Tensor

_UNCHECKED = 16
"""Bytes before those that the checksum covers: magic, version, length and the checksum itself."""


def write_program(program: Program, weights: list[str]) -> bytes:
    """`weights`: names of the stored weights, in the order of their numbers."""
    return _Writer(program, weights).write()


@dataclass
class _Writer:
    program: Program
    weights: list[str]
    tensors: list[TensorWords] = field(default_factory=list)
    numbers: dict[Tensor, int] = field(default_factory=dict)
    packed_weights: dict[PackedWeight, int] = field(default_factory=dict)
    constants: list[Floats] = field(default_factory=list)
    constant_starts: dict[bytes, int] = field(default_factory=dict)
    constant_floats: int = 0
    sums: int = 0

    def write(self) -> bytes:
        self.offsets, arena = place_tensors(self.program)
        pack_rules = [self._pack_rule(rule) for rule in self.program.pack_rules]
        ops = [self._instruction(instruction) for instruction in self.program.instructions]
        input_, output = self._tensor(self.program.input), self._tensor(self.program.output)
        packed_weights = [
            PackedWeightWords(
                layout=weight.layout, groups=weight.groups, inputs=weight.inputs, outputs=weight.outputs
            )
            for weight in self.packed_weights
        ]
        sections = b"".join([*map(_pack, self.tensors), *map(_pack, packed_weights), *map(_pack, pack_rules)])
        constants = b"".join(values.astype("<f4").tobytes() for values in self.constants)
        body = sections + constants + b"".join(ops)
        header = HeaderWords(
            magic=PLAN_MAGIC,
            version=PLAN_VERSION,
            bytes=4 * HeaderWords.size + len(body),
            checksum=0,
            tensors=len(self.tensors),
            packed_weights=len(packed_weights),
            pack_rules=len(pack_rules),
            weights=len(self.weights),
            constants=self.constant_floats,
            ops=len(ops),
            op_words=sum(map(len, ops)) // 4,
            arena=arena,
            input=input_,
            output=output,
            sums=self.sums,
        )
        return _pack(replace(header, checksum=checksum(_pack(header)[_UNCHECKED:] + body))) + body

    def _pack_rule(self, rule: PackRule) -> PackRuleWords:
        number = self.packed_weights.setdefault(rule.packed_weight, len(self.packed_weights))
        shape = tuple(axis.size for axis in rule.axes)
        inputs, outputs = tuple(axis.input for axis in rule.axes), tuple(axis.output for axis in rule.axes)
        # As few axes as possible: the engine advances run by run along the last one. A matrix keeps its rows
        # and columns, of size 1 too: the engine needs them to keep it in reduced precision.
        if rule.packed_weight.layout != PackedLayout.MATRIX:
            shape, (inputs, outputs) = merged(shape, inputs, outputs)
        return PackRuleWords(
            packed_weight=number,
            weight=self.weights.index(rule.source) if isinstance(rule.source, str) else ABSENT,
            constant=0 if isinstance(rule.source, str) else self._constant(rule.source),
            is_bias=int(rule.is_bias),
            multiplier=ABSENT if rule.multiplier is None else self._constant(rule.multiplier),
            first_output=rule.first_output,
            sizes=_padded(shape, 1),
            input_strides=_padded(inputs, 0),
            output_strides=_padded(outputs, 0),
        )

    def _constant(self, values: Floats) -> int:
        """Number of the first float of a constant; equal constants are stored once."""
        content = values.astype("<f4").tobytes()
        if content not in self.constant_starts:
            self.constant_starts[content] = self.constant_floats
            self.constants.append(values)
            self.constant_floats += values.size
        return self.constant_starts[content]

    def _tensor(self, tensor: Tensor) -> int:
        if tensor not in self.numbers:
            self.numbers[tensor] = len(self.tensors)
            self.tensors.append(
                TensorWords(place=tensor.base.place, offset=self._offset(tensor), length=tensor.length)
            )
        return self.numbers[tensor]

    def _offset(self, tensor: Tensor) -> int:
        base, start = tensor.base, tensor.base_start
        match base.place:
            case Place.ARENA:
                return self.offsets[base] + start
            case Place.CONSTANT:
                assert base.constant is not None
                return self._constant(base.constant) + start
            case Place.PACKED_WEIGHT:
                assert base.packed_weight is not None
                return self.packed_weights[base.packed_weight]
            case Place.SUMS:
                self.sums = max(self.sums, tensor.length)
                return 0

    def _instruction(self, instruction: Instruction) -> bytes:
        fields = (field_type.pack(value, self._tensor) for _, field_type, value in instruction.values())
        return struct.pack("<I", instruction.number) + b"".join(fields)


def _pack(section: HeaderWords | TensorWords | PackedWeightWords | PackRuleWords) -> bytes:
    words: list[int] = []
    for value in astuple(section):
        words += value if isinstance(value, tuple) else [value]
    assert len(words) == section.size
    return struct.pack(f"<{section.size}I", *words)


def _padded(values: tuple[int, ...], filling: int) -> tuple[int, ...]:
    return (*[filling] * (PACK_RANK - len(values)), *values)


def checksum(content: bytes) -> int:
    """FNV-1a over words."""
    state = 2166136261
    for word in struct.unpack(f"<{len(content) // 4}I", content):
        state = (state ^ word) * 16777619 & 0xFFFFFFFF
    return state
