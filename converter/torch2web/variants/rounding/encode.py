"""Weights of a model as int8 by error-compensated rounding."""

import numpy as np
import onnx
from numpy.typing import NDArray

from torch2web.variants.encodings import Tensors, as_int8
from torch2web.variants.rounding.compensated import round_compensated
from torch2web.variants.rounding.layers import Layer, find_layers
from torch2web.variants.rounding.second_moments import Moments, blocks, second_moments
from torch2web.variants.split import SplitModel


def encode_compensated(
    split: SplitModel, calibration: NDArray[np.float32], largest_integer: int = 127
) -> Tensors:
    """The weights of `split` in the encoding `int8`, rounded for inputs as `calibration` causes them.

    `calibration` [images, channels, height, width] are preprocessed; scales are those of `as_int8`. Weights
    that multiply no input, such as tables, are rounded to the nearest. Raises VerificationError if
    onnxruntime cannot run the graph.
    """
    model = onnx.load_from_string(split.graph)
    layers = {layer.weight.name: layer for layer in find_layers(model, split.weights)}
    values = {weight.name: weight.values for weight in split.weights}
    moments = second_moments(model, values, list(layers.values()), calibration) if layers else {}
    tensors: Tensors = {}
    for weight in split.weights:
        nearest = as_int8(weight, largest_integer)
        if weight.name in layers:
            scale = nearest[f"{weight.name}.scale"]
            nearest[weight.name] = _integers(
                layers[weight.name], scale, moments[weight.name], largest_integer
            )
        tensors |= nearest
    return tensors


def _integers(layer: Layer, scale: NDArray[np.generic], moments: Moments, largest: int) -> NDArray[np.int8]:
    values = layer.weight.values
    matrices = layer.matrices(values)
    steps = layer.matrices(np.broadcast_to(scale, values.shape))
    cuts = blocks(layer.inputs)
    size = cuts[0].stop
    whole = sum(cut.stop - cut.start == size for cut in cuts)
    rounded = []
    if layer.groups == 1 and whole > 1:
        # Blocks are rounded apart, so those of the same size are as groups: one loop over their inputs.
        def stacked(values: NDArray[np.floating]) -> NDArray[np.floating]:
            return values[0, :, : whole * size].reshape(-1, whole, size).transpose(1, 0, 2)

        together = round_compensated(
            stacked(matrices), stacked(steps), np.concatenate(moments[:whole]), largest
        )
        rounded.append(together.transpose(1, 0, 2).reshape(1, -1, whole * size))
        cuts, moments = cuts[whole:], moments[whole:]
    rounded += [
        round_compensated(matrices[:, :, cut], steps[:, :, cut], part, largest)
        for cut, part in zip(cuts, moments, strict=True)
    ]
    integers: NDArray[np.int8] = layer.restored(np.concatenate(rounded, axis=2))
    return integers
