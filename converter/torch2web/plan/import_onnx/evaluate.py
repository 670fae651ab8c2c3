"""Computes one node whose inputs are constants, by ONNX's reference implementation."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, helper
from onnx.reference import ReferenceEvaluator

from torch2web.plan.errors import PlanError


def evaluate(
    proto: NodeProto,
    imports: list[onnx.OperatorSetIdProto],
    given: Mapping[str, NDArray[Any]],
    wanted: list[str],
    label: str,
) -> list[NDArray[Any]]:
    """The outputs `wanted` of a node for the inputs `given`. Raises PlanError."""
    types = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(data.dtype), data.shape)
        for name, data in given.items()
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in wanted]
    model = helper.make_model(helper.make_graph([proto], "node", types, outputs), opset_imports=imports)
    try:
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(model).run(None, dict(given))
    except Exception as error:  # the evaluator's operators raise any type
        raise PlanError(label, proto.op_type, f"constant folding failed: {first_line(error)}") from error
    return [np.asarray(result) for result in results]


def first_line(error: Exception) -> str:
    """The first line; some messages continue with a whole graph."""
    return str(error).partition("\n")[0]
