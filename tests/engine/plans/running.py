"""Runs models in the native engine and in onnxruntime."""

from collections.abc import Mapping, Sequence
from ctypes import CDLL
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from tests.engine.native_engine import NativeEngine
from torch2web.plan import plan_model
from torch2web.plan.engine_driver import Tensors
from torch2web.plan.passes import TILES

Floats = NDArray[np.float32]
Constants = Mapping[str, NDArray[Any]]


def model_of(
    nodes: Sequence[NodeProto], shape: Sequence[int | str], constants: Constants, opset: int = 13
) -> onnx.ModelProto:
    """A model of these nodes, from `input` to `output`."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [onnx.ValueInfoProto(name="output")],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    if not inferred.graph.output[0].type.HasField("tensor_type"):
        inferred.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    return inferred


def onnxruntime_run(model: onnx.ModelProto, x: Floats, *, blocks: bool = True) -> Floats:
    """onnxruntime's output. Without `blocks`, its blocked channel layout (NCHWc) is disabled.

    In that layout, blocks of 8 or 16 channels are filled up with zero weights. Infinities give NaN in these
    channels, which the next convolution spreads over the real ones.
    """
    options = onnxruntime.SessionOptions()
    if not blocks:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    output: Floats = session.run(None, {session.get_inputs()[0].name: x})[0]
    return output


def engine_run(
    library: CDLL,
    model: onnx.ModelProto,
    x: Floats,
    *,
    batched: bool = True,
    threads: int = 1,
    tensors: Tensors | None = None,
    largest_tile: int = TILES[0],
) -> Floats:
    """The engine's output; with `batched`, sample by sample."""
    plan = plan_model(model, batched=batched, largest_tile=largest_tile)
    engine = NativeEngine(library, plan.content)
    engine.load(tensors or {}, threads)
    if not batched:
        return engine.run(x, threads).reshape(plan.output_shape)
    return np.concatenate([engine.run(one, threads).reshape(plan.output_shape) for one in x])


def require_close(found: Floats, expected: Floats, label: str = "", tolerance: float = 3e-5) -> None:
    """The same numbers, within `tolerance` of their scale; NaN and infinities in the same places."""
    assert found.shape == expected.shape, label
    finite = np.isfinite(expected)
    scale = max(float(np.abs(expected[finite]).max(initial=0)), 1e-3)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected), label)
    same = np.where(finite, 0, expected)
    np.testing.assert_array_equal(np.where(finite, 0, found), same, label)
    np.testing.assert_allclose(found[finite], expected[finite], rtol=0, atol=tolerance * scale, err_msg=label)
