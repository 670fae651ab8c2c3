"""In which layouts each value is in memory, and copies into the one that an operator needs."""

from enum import Enum

import numpy as np

from torch2web.plan.ir import Value
from torch2web.plan.lowering.packed_weights import flat_slot
from torch2web.plan.lowering.strides import Strides, channels_last, dense, in_order, merged, visible
from torch2web.plan.program import Field, Instruction, OpKind, Place, Program, Record, Slot, Tensor

MAX_RANK = 6


class LayoutError(ValueError):
    """A value lies in no way that the engine can read; `lower` says of which node."""


class Layout(Enum):
    PLAIN = "as in ONNX"
    LAST = "channels last"


PLAIN, LAST = Layout.PLAIN, Layout.LAST


def order_of(layout: Layout, rank: int) -> tuple[int, ...]:
    return tuple(range(rank)) if layout is PLAIN else channels_last(rank)


class Layouts:
    """Where values are while a graph is lowered into `program`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._tensors: dict[tuple[Value, Layout], Tensor] = {}
        self._views: dict[Value, Value] = {}

    def emit(self, instruction: Instruction) -> None:
        self.program.instructions.append(instruction)

    def put(self, value: Value, layout: Layout, tensor: Tensor) -> Tensor:
        """`tensor` is or will be `value`."""
        if self.is_one_layout(value):
            layout = PLAIN
        self._tensors[value, layout] = tensor
        return tensor

    def put_view(self, value: Value, source: Value) -> None:
        """`value` has the elements of `source` in the same order of ONNX."""
        self._views[value] = source

    def source(self, value: Value) -> Value:
        """What `value` is a view of, or itself."""
        while value in self._views:
            value = self._views[value]
        return value

    @staticmethod
    def is_one_layout(value: Value) -> bool:
        """Whether its elements lie the same in both layouts."""
        rank = len(value.shape)
        return visible(value.shape, range(rank)) == visible(value.shape, channels_last(rank))

    def has(self, value: Value, layout: Layout) -> bool:
        return (value, PLAIN if self.is_one_layout(value) else layout) in self._tensors

    def preferred(self, value: Value) -> Layout:
        """The layout that it has without a copy."""
        return LAST if self.has(value, LAST) else PLAIN

    def get(self, value: Value, layout: Layout) -> Tensor:
        """`value` in `layout`, copied where it is in the other one only."""
        if self.is_one_layout(value):
            layout = PLAIN
        if (value, layout) not in self._tensors:
            self._tensors[value, layout] = self._make(value, layout)
        return self._tensors[value, layout]

    def _make(self, value: Value, layout: Layout) -> Tensor:
        if value.data is not None:
            data = np.ascontiguousarray(
                np.transpose(value.data, order_of(layout, value.data.ndim)), np.float32
            )
            return Tensor(data.size, Place.CONSTANT, constant=data.reshape(-1))
        if value.weight is not None and layout is PLAIN:
            slot, records = flat_slot(value)
            return self.slot(slot, records)
        if layout is PLAIN and value in self._views:
            return self.get(self._views[value], PLAIN)
        other = LAST if layout is PLAIN else PLAIN
        x = self.get(value, other)
        strides = in_order(value.shape, order_of(other, len(value.shape)))
        return self.copied(x, value.shape, strides, order_of(layout, len(value.shape)))

    def copied(self, x: Tensor, shape: tuple[int, ...], strides: Strides, order: tuple[int, ...]) -> Tensor:
        """What `strides` read of `x`, dense with the axes in `order`."""
        ordered = [shape[axis] for axis in order]
        y = Tensor(max(1, int(np.prod(ordered))))
        self.copy(x, y, ordered, tuple(strides[axis] for axis in order), dense(ordered))
        return y

    def copy(
        self,
        x: Tensor,
        y: Tensor,
        shape: list[int],
        x_strides: Strides,
        y_strides: Strides,
        first: tuple[int, int] = (0, 0),
    ) -> None:
        sizes, (from_strides, to_strides) = merged(shape, x_strides, y_strides)
        fields: list[Field] = [
            x,
            y,
            *first,
            len(sizes),
            *padded(sizes, 1),
            *padded(from_strides, 0),
            *padded(to_strides, 0),
        ]
        self.emit(Instruction(OpKind.COPY, tuple(fields), (x, y), y))

    def slot(self, slot: Slot, records: list[Record]) -> Tensor:
        self.program.records += records
        return Tensor(slot.floats, Place.SLOT, slot=slot)


def padded(values: Strides, filling: int) -> list[int]:
    """As many as an instruction has room for."""
    if len(values) > MAX_RANK:
        raise LayoutError(f"{len(values)} axes that cannot be merged, at most {MAX_RANK}")
    return [*values, *[filling] * (MAX_RANK - len(values))]
