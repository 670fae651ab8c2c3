"""Memory that instructions refer to: tensors, packed weights, and the rules by which weights are packed."""

from dataclasses import dataclass

from torch2web.plan.format import PackedLayout, Place
from torch2web.plan.ir import Floats


@dataclass(eq=False)
class PackedWeight:
    """A weight as the kernels read it; `inputs` and `outputs` are of one group."""

    layout: PackedLayout
    groups: int
    inputs: int
    outputs: int

    @property
    def floats(self) -> int:
        if self.layout == PackedLayout.FLAT:
            return self.inputs
        width = 4 if self.layout == PackedLayout.PANELS4 else 8
        return self.groups * -(-self.outputs // width) * width * (self.inputs + 1)


@dataclass(frozen=True)
class Axis:
    """An axis of a stored weight: its strides among the inputs and outputs of the packed weight."""

    size: int
    input: int = 0
    output: int = 0


@dataclass(frozen=True, eq=False)
class PackRule:
    """Maps one stored weight, or constant of the plan, into a packed weight."""

    packed_weight: PackedWeight
    source: str | Floats
    """Name of the stored weight, or the constant itself."""
    axes: tuple[Axis, ...]
    is_bias: bool = False
    multiplier: Floats | None = None
    """By output of the packed weight."""
    first_output: int = 0


@dataclass(eq=False)
class Tensor:
    """Floats in memory: `start` floats into `root`, or an allocation if there is no root."""

    length: int
    place: Place = Place.ARENA
    root: "Tensor | None" = None
    start: int = 0
    packed_weight: PackedWeight | None = None
    constant: Floats | None = None

    @property
    def base(self) -> "Tensor":
        """The allocation that contains this tensor."""
        return self if self.root is None else self.root.base

    @property
    def base_start(self) -> int:
        """Offset in `base`, in floats."""
        return 0 if self.root is None else self.root.base_start + self.start

    def part(self, start: int, length: int) -> "Tensor":
        return Tensor(length, self.place, self, start)
