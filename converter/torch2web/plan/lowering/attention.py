"""Attention: the leading axes of its operands become two, with an instruction for each index of others."""

from itertools import product as combinations
from math import prod
from typing import Any

from torch2web.plan import ops
from torch2web.plan.errors import PlanError
from torch2web.plan.format import Place
from torch2web.plan.ir import Attention
from torch2web.plan.lowering.layouts import ONNX, Layouts
from torch2web.plan.lowering.operands import strided
from torch2web.plan.lowering.strides import Strides, dense, merged
from torch2web.plan.tensors import Tensor

_MAX_INSTRUCTIONS = 256

_AXES = 2
"""Leading axes that an instruction goes through."""


def lower_attention(layouts: Layouts, op: Attention) -> None:
    read = [strided(layouts, one, from_start=number > 2) for number, one in enumerate(op.operands)]
    tensors = [tensor for tensor, _ in read]
    places = [place for _, place in read]
    *leading, rows, width = (op.output.shape[op.order.index(axis)] for axis in range(len(op.order)))
    written = dense(op.output.shape)
    y_strides = tuple(written[op.order.index(axis)] for axis in range(len(op.order)))
    y = layouts.put(op.output, ONNX, Tensor(op.output.size))
    every = [*(place.strides for place in places), y_strides]
    sizes, steps = merged(leading, *(strides[:-2] for strides in every))
    sizes = (*[1] * (_AXES - len(sizes)), *sizes)
    steps = tuple((*[0] * (len(sizes) - len(own)), *own) for own in steps)
    repeated = sizes[:-_AXES]
    if prod(repeated) > _MAX_INSTRUCTIONS:
        found = f"found {prod(repeated)} groups of heads"
        raise PlanError(op.label, "Attention", f"{found}, at most {_MAX_INSTRUCTIONS}")
    by_field: dict[str, Any] = {}
    for name, own, strides in zip(("q", "k", "v", "bias", "mask"), steps, every[:-1], strict=False):
        by_field |= _steps(name, own, strides)
    by_field |= _steps("y", steps[-1], y_strides)
    for name in ("bias", "mask")[len(read) - 3 :]:
        by_field |= _steps(name, (0, 0), (0, 0))
    for index in combinations(*map(range, repeated)):
        starts = [sum(i * s for i, s in zip(index, own, strict=False)) for own in steps]
        bias, mask = (
            _part(layouts, tensors[number], starts[number]) if number < len(tensors) else None
            for number in (3, 4)
        )
        layouts.emit(
            ops.Attention(
                q=tensors[0],
                k=tensors[1],
                v=tensors[2],
                bias=bias,
                mask=mask,
                y=y,
                q_first=places[0].first + starts[0],
                k_first=places[1].first + starts[1],
                v_first=places[2].first + starts[2],
                y_first=starts[-1],
                outer=sizes[-2],
                heads=sizes[-1],
                rows=rows,
                keys=places[1].shape[-2],
                depth=places[1].shape[-1],
                width=width,
                scale=op.scale,
                **by_field,
            )
        )


def _steps(name: str, leading: Strides, strides: Strides) -> dict[str, int]:
    return {f"{name}_outer": leading[-2], f"{name}_head": leading[-1], f"{name}_row": strides[-2]}


def _part(layouts: Layouts, tensor: Tensor, start: int) -> Tensor:
    """From `start` on. A part of a packed weight cannot be addressed: it is copied."""
    if start == 0:
        return tensor
    if tensor.place is Place.PACKED_WEIGHT:
        y = Tensor(tensor.length - start)
        layouts.copy(tensor, y, [y.length], (1,), (1,), (start, 0))
        return y
    return tensor.part(start, tensor.length - start)
