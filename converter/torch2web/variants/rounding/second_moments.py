"""Second moments of what the layers of a graph multiply, over calibration pictures."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from torch2web.variants.rounding.layers import Layer
from torch2web.verification import create_session_with

MAX_INPUTS = 1536
"""Inputs of a layer up to which all pairs are counted: the inverse of a matrix takes their number cubed."""

BLOCK_INPUTS = 512
"""Of larger layers, only pairs within blocks of so many neighbouring inputs are counted."""

SMALL_BLOCK_INPUTS = 64
"""The same of layers with more than MAX_BLOCKED inputs: the moments of 100,000 take 50 MB."""

MAX_BLOCKED = 16_384

COLUMNS = 256
"""Most columns of a layer that are counted of each picture: neighbours of a feature map are much alike."""

Moments = list[NDArray[np.float64]]
"""One array [groups, inputs, inputs] for each block of a layer's inputs: the sum of x · xᵀ over columns x."""


def blocks(inputs: int) -> list[slice]:
    """The blocks of a layer's inputs."""
    if inputs <= MAX_INPUTS:
        return [slice(0, inputs)]
    size = BLOCK_INPUTS if inputs <= MAX_BLOCKED else SMALL_BLOCK_INPUTS
    return [slice(first, min(first + size, inputs)) for first in range(0, inputs, size)]


def second_moments(
    model: onnx.ModelProto,
    weights: Mapping[str, NDArray[np.float32]],
    layers: Sequence[Layer],
    pictures: NDArray[np.float32],
) -> dict[str, Moments]:
    """Run `model` with `weights` over `pictures` [images, channels, height, width]; moments by weight's name.

    Layers with the same input and window share them. Raises VerificationError if onnxruntime cannot run it.
    """
    session = create_session_with(_with_outputs(model, layers), weights)
    (image,) = (entry.name for entry in session.get_inputs())
    names = [entry.name for entry in session.get_outputs()]
    found: dict[tuple[object, ...], Moments] = {}
    for number, picture in enumerate(pictures):
        feeds = {image: picture[np.newaxis]}
        tensors = {**dict(zip(names, session.run(names, feeds), strict=True)), **feeds}
        seen = set()
        for layer in layers:
            if (key := _key(layer)) in seen:
                continue
            seen.add(key)
            columns = layer.columns(tensors[layer.input], COLUMNS, shift=number)
            for index, block in enumerate(blocks(layer.inputs)):
                part = columns[:, :, block]
                moments = part.transpose(0, 2, 1) @ part
                if number:
                    found[key][index] += moments
                else:
                    found.setdefault(key, []).append(moments)
    return {layer.weight.name: found[_key(layer)] for layer in layers}


def _key(layer: Layer) -> tuple[object, ...]:
    return layer.input, layer.groups, layer.window


def _with_outputs(model: onnx.ModelProto, layers: Sequence[Layer]) -> bytes:
    """The model, which gives the inputs of `layers` too."""
    asking = onnx.ModelProto()
    asking.CopyFrom(model)
    known = {entry.name for entry in (*model.graph.input, *model.graph.output)}
    for name in dict.fromkeys(layer.input for layer in layers):
        if name not in known:
            asking.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    content: bytes = asking.SerializeToString()
    return content
