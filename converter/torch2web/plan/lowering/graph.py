"""Lowers the intermediate representation to instructions: chooses layouts and kernels."""

from collections.abc import Callable
from typing import Any

from torch2web.plan import ops
from torch2web.plan.errors import PlanError
from torch2web.plan.ir import (
    Activate,
    Attention,
    Binary,
    Block,
    Concat,
    Conv,
    Expand,
    Graph,
    MatMul,
    Mean,
    MeanOfSums,
    Normalize,
    Op,
    Pad,
    Pool,
    Product,
    Reduce,
    Scale,
    Slice,
    Softmax,
    SqueezeExcite,
    Transpose,
    View,
)
from torch2web.plan.lowering.arrays import (
    lower_binary,
    lower_concat,
    lower_expand,
    lower_pad,
    lower_slice,
    lower_transpose,
)
from torch2web.plan.lowering.attention import lower_attention
from torch2web.plan.lowering.conv_pool import (
    lower_block,
    lower_conv,
    lower_mean_of_sums,
    lower_pool,
    lower_squeeze_excite,
)
from torch2web.plan.lowering.joined import channels_in_place
from torch2web.plan.lowering.layouts import ONNX, LayoutError, Layouts
from torch2web.plan.lowering.products import lower_matmul, lower_product
from torch2web.plan.lowering.reductions import (
    lower_mean,
    lower_normalize,
    lower_reduce,
    lower_scale,
    lower_softmax,
)
from torch2web.plan.program import FieldError, Program
from torch2web.plan.tensors import Tensor


def lower(graph: Graph) -> Program:
    """Instructions for `graph`; input and output are in ONNX's layout. Raises PlanError."""
    program = Program(Tensor(graph.input.size), Tensor(1))
    layouts = Layouts(program, channels_in_place(graph))
    layouts.put(graph.input, ONNX, program.input)
    for op in graph.ops:
        lower_one = _LOWERED.get(type(op))
        if lower_one is None:
            raise PlanError(op.label, type(op).__name__, "no kernel for this operator")
        try:
            lower_one(layouts, op)
        except (LayoutError, FieldError) as error:
            raise PlanError(op.label, type(op).__name__, str(error)) from error
    program.output = layouts.get(graph.output, ONNX)
    return program


def _lower_activate(layouts: Layouts, op: Activate) -> None:
    layout = layouts.preferred(op.inputs[0])
    x = layouts.get(op.inputs[0], layout)
    y = layouts.put(op.output, layout, Tensor(x.length))
    layouts.emit(ops.Activate(x=x, y=y, count=x.length, activation=op.activation, may_replace=(x,)))


def _lower_view(layouts: Layouts, op: View) -> None:
    layouts.put_view(op.output, op.inputs[0])


_LOWERED: dict[type[Op], Callable[[Layouts, Any], None]] = {
    Activate: _lower_activate,
    Attention: lower_attention,
    Binary: lower_binary,
    Block: lower_block,
    Concat: lower_concat,
    Conv: lower_conv,
    Expand: lower_expand,
    MatMul: lower_matmul,
    Mean: lower_mean,
    MeanOfSums: lower_mean_of_sums,
    Normalize: lower_normalize,
    Pad: lower_pad,
    Pool: lower_pool,
    Product: lower_product,
    Reduce: lower_reduce,
    Scale: lower_scale,
    Slice: lower_slice,
    Softmax: lower_softmax,
    SqueezeExcite: lower_squeeze_excite,
    Transpose: lower_transpose,
    View: _lower_view,
}
