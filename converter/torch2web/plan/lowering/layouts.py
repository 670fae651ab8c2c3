"""Memory layouts of values, and copies into the layout that an operator needs."""

from collections.abc import Mapping
from enum import Enum

import numpy as np

from torch2web.plan import ops
from torch2web.plan.format import MAX_RANK, Place
from torch2web.plan.ir import Value
from torch2web.plan.lowering.packed_weights import pack_flat
from torch2web.plan.lowering.strides import Strides, channels_last, dense, in_order, merged, visible
from torch2web.plan.program import Instruction, Program
from torch2web.plan.tensors import PackedWeight, PackRule, Tensor


class LayoutError(ValueError):
    """The engine cannot read a value's layout; `lower` adds the node."""


class Layout(Enum):
    ONNX = "axes in the order of ONNX"
    CHANNELS_LAST = "channels last"


ONNX, CHANNELS_LAST = Layout


def order_of(layout: Layout, rank: int) -> tuple[int, ...]:
    return tuple(range(rank)) if layout is ONNX else channels_last(rank)


class Layouts:
    """Tensors of the values, by layout, while a graph is lowered into `program`.

    `channels`: values that are computed in place as channels of a Concat's output, which only this reads: by
    value the output and the first channel.
    """

    def __init__(self, program: Program, channels: Mapping[Value, tuple[Value, int]]) -> None:
        self.program = program
        self.channels = channels
        self._tensors: dict[tuple[Value, Layout], Tensor] = {}
        self._joined: dict[Value, Tensor] = {}
        self._views: dict[Value, Value] = {}

    def emit(self, instruction: Instruction) -> None:
        self.program.instructions.append(instruction)

    def put(self, value: Value, layout: Layout, tensor: Tensor) -> Tensor:
        """Use `tensor` as `value` in `layout`."""
        if self.has_one_layout(value):
            layout = ONNX
        self._tensors[value, layout] = tensor
        return tensor

    def put_pixels(self, value: Value) -> tuple[Tensor, int]:
        """A tensor for the pixels of `value`, channels last, and the floats from one to the next."""
        channels = value.shape[1]
        if value not in self.channels:
            return self.put(value, CHANNELS_LAST, Tensor(value.size)), channels
        whole, first = self.channels[value]
        step = whole.shape[1]
        return self.joined(whole).part(first, (value.size // channels - 1) * step + channels), step

    def joined(self, value: Value) -> Tensor:
        """The tensor of a Concat's output, of which parts may have been written."""
        return self._joined.setdefault(value, Tensor(value.size))

    def put_view(self, value: Value, source: Value) -> None:
        """`value` has the elements of `source` in the same ONNX order."""
        self._views[value] = source

    def source(self, value: Value) -> Value:
        """The value that `value` is a view of, or itself."""
        while value in self._views:
            value = self._views[value]
        return value

    @staticmethod
    def has_one_layout(value: Value) -> bool:
        """Whether both layouts are the same in memory."""
        rank = len(value.shape)
        return visible(value.shape, range(rank)) == visible(value.shape, channels_last(rank))

    def has(self, value: Value, layout: Layout) -> bool:
        """Whether `value` is available in `layout` without a copy."""
        if self.has_one_layout(value):
            layout = ONNX
        if (value, layout) in self._tensors:
            return True
        return layout is ONNX and value in self._views and self.has(self._views[value], ONNX)

    def preferred(self, value: Value) -> Layout:
        """The layout that is available without a copy."""
        return CHANNELS_LAST if self.has(value, CHANNELS_LAST) else ONNX

    def get(self, value: Value, layout: Layout) -> Tensor:
        """`value` in `layout`, copied if it is only available in the other one."""
        if self.has_one_layout(value):
            layout = ONNX
        if (value, layout) not in self._tensors:
            self._tensors[value, layout] = self._make(value, layout)
        return self._tensors[value, layout]

    def _make(self, value: Value, layout: Layout) -> Tensor:
        if value.data is not None:
            data = np.ascontiguousarray(
                np.transpose(value.data, order_of(layout, value.data.ndim)), np.float32
            )
            return Tensor(data.size, Place.CONSTANT, constant=data.reshape(-1))
        if value.weight is not None and layout is ONNX:
            return self.packed(*pack_flat(value))
        if layout is ONNX and value in self._views:
            return self.get(self._views[value], ONNX)
        other = CHANNELS_LAST if layout is ONNX else ONNX
        x = self.get(value, other)
        strides = in_order(value.shape, order_of(other, len(value.shape)))
        return self.copied(x, value.shape, strides, order_of(layout, len(value.shape)))

    def copied(self, x: Tensor, shape: tuple[int, ...], strides: Strides, order: tuple[int, ...]) -> Tensor:
        """The elements of `x` at `strides`, dense with the axes in `order`."""
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
        self.emit(
            ops.Copy(
                x=x,
                y=y,
                x_first=first[0],
                y_first=first[1],
                rank=len(sizes),
                shape=padded(sizes, 1),
                x_strides=padded(from_strides, 0),
                y_strides=padded(to_strides, 0),
            )
        )

    def packed(self, weight: PackedWeight, rules: list[PackRule]) -> Tensor:
        """`weight`, packed by `rules`."""
        self.program.pack_rules += rules
        return Tensor(weight.floats, Place.PACKED_WEIGHT, packed_weight=weight)


def padded(values: Strides, filling: int) -> Strides:
    """`values`, extended to MAX_RANK with `filling`."""
    if len(values) > MAX_RANK:
        raise LayoutError(f"found {len(values)} axes that cannot be merged, at most {MAX_RANK}")
    return (*values, *[filling] * (MAX_RANK - len(values)))
