"""What the engine runs: instructions over tensors in memory, and where its weights go. As in `plan.h`."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from torch2web.plan.ir import Activation, Floats


class OpKind(IntEnum):
    ACTIVATE = 0
    PRODUCT = 1
    MATRIX = 2
    CONV = 3
    DEPTHWISE = 4
    BLOCK = 5
    SQUEEZE_EXCITE = 6
    MEAN_OF_SUMS = 7
    POOL = 8
    REDUCE = 9
    SOFTMAX = 10
    BINARY = 11
    COPY = 12
    FILL = 13
    PACK_PANELS = 14


class Place(IntEnum):
    ARENA = 0
    CONSTANT = 1
    SLOT = 2
    SUMS = 3


class SlotKind(IntEnum):
    FLAT = 0
    PANELS8 = 1
    PANELS4 = 2
    MATRIX = 3


@dataclass(eq=False)
class Slot:
    """Where weights lie once they are unpacked; `inputs` and `outputs` are of one group."""

    kind: SlotKind
    groups: int
    inputs: int
    outputs: int

    @property
    def floats(self) -> int:
        if self.kind == SlotKind.FLAT:
            return self.inputs
        width = 4 if self.kind == SlotKind.PANELS4 else 8
        return self.groups * -(-self.outputs // width) * width * (self.inputs + 1)


@dataclass(frozen=True)
class Axis:
    """One side of a stored weight: how far each step along it goes among the inputs and outputs of a slot."""

    size: int
    input: int = 0
    output: int = 0


@dataclass(frozen=True, eq=False)
class Record:
    """How one stored weight, or constant of the plan, goes into a slot."""

    slot: Slot
    source: str | Floats
    """The stored weight's name, or the constant."""
    axes: tuple[Axis, ...]
    is_bias: bool = False
    multiplier: Floats | None = None
    """One for each output of the slot."""
    first_output: int = 0


@dataclass(eq=False)
class Tensor:
    """Floats in memory: `start` floats into `root`, or a piece of memory of its own."""

    length: int
    place: Place = Place.ARENA
    root: "Tensor | None" = None
    start: int = 0
    slot: Slot | None = None
    constant: Floats | None = None

    @property
    def base(self) -> "Tensor":
        """The piece of memory in which it is."""
        return self if self.root is None else self.root.base

    @property
    def base_start(self) -> int:
        """Floats into `base`."""
        return 0 if self.root is None else self.root.base_start + self.start

    def part(self, start: int, length: int) -> "Tensor":
        return Tensor(length, self.place, self, start)


Field = int | float | np.float32 | Activation | Tensor | None
"""None stands for a tensor that there is none of."""


@dataclass(eq=False)
class Instruction:
    """Fields in the order of the operator's struct in `plan.h`."""

    kind: OpKind
    fields: tuple[Field, ...]
    reads: tuple[Tensor, ...]
    writes: Tensor
    may_replace: tuple[Tensor, ...] = ()
    """Of what it reads, what may be in the same place as what it writes."""


@dataclass(eq=False)
class Program:
    input: Tensor
    output: Tensor
    instructions: list[Instruction] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
