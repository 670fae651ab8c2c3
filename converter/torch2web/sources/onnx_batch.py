"""Frees the batch of an ONNX graph that was exported for a fixed number of images."""

import numpy as np
from onnx import ModelProto, NodeProto, numpy_helper

_SHAPE_INPUT = {"Reshape": 1, "Expand": 1}


def free_batch(model: ModelProto, batch: int | None) -> ModelProto:
    """The model with `batch` as dimension 0 of input and output, where it was the number `batch`.

    Shapes that Reshape reads as constants have that number in dimension 0; it becomes -1, or 0, which copies
    the dimension. Whether the result computes the same is for the caller to see.
    """
    if batch is None:
        return model
    free = ModelProto()
    free.CopyFrom(model)
    graph = free.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type not in _SHAPE_INPUT or len(node.input) < 2:
            continue
        tensor = constants.get(node.input[1])
        if tensor is None:
            continue
        sizes = numpy_helper.to_array(tensor).copy()
        if not len(sizes) or sizes[0] != batch:
            continue
        sizes[0] = _free_size(node, sizes)
        name = f"{node.input[1]}/{node.output[0]}"
        graph.initializer.append(numpy_helper.from_array(sizes, name))
        node.input[1] = name
    del graph.value_info[:]
    return free


def _free_size(node: NodeProto, sizes: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> int:
    if node.op_type == "Expand":
        return 1  # the larger of both counts
    return 0 if (sizes[1:] == -1).any() else -1
