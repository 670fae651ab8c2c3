"""What is known of the inputs of a graph's layers from calibration pictures: their second moments."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from torch2web.variants.rounding.compensated import Compensation, Integers, PairCompensation
from torch2web.variants.rounding.few_columns import ColumnCompensation
from torch2web.variants.rounding.flattened_map import MapCompensation
from torch2web.variants.rounding.layers import Layer
from torch2web.variants.rounding.output_feedback import Feedback, Scores, feedback_of
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

FEW_COLUMNS = 512
"""Columns of all pictures up to which a large layer is compensated by the columns themselves."""

_FEW_SHARE = 4
"""Inputs for each column that make a layer one of few columns."""


def blocks(inputs: int) -> list[slice]:
    """The blocks of a layer's inputs."""
    if inputs <= MAX_INPUTS:
        return [slice(0, inputs)]
    size = BLOCK_INPUTS if inputs <= MAX_BLOCKED else SMALL_BLOCK_INPUTS
    return [slice(first, min(first + size, inputs)) for first in range(0, inputs, size)]


def input_of(layer: Layer) -> Hashable:
    """The same for layers that multiply the same columns."""
    return layer.input, layer.groups, layer.window


class BlockCompensation:
    """By the moments of pairs within blocks of inputs, [groups, inputs, inputs] of each block."""

    def __init__(self, moments: Sequence[NDArray[np.float64]], inputs: int) -> None:
        cuts = blocks(inputs)
        self._size = size = cuts[0].stop
        whole = sum(cut.stop - cut.start == size for cut in cuts) if len(moments[0]) == 1 else 0
        # Blocks are rounded apart, so those of the same size are as groups: one loop over their inputs.
        self._whole = whole if whole > 1 else 0
        self._stacked = PairCompensation(np.concatenate(moments[:whole])) if self._whole else None
        self._others = [
            (cut, PairCompensation(part))
            for cut, part in zip(cuts[self._whole :], moments[self._whole :], strict=True)
        ]

    def round(self, weights: NDArray[np.floating], steps: NDArray[np.floating], largest: int) -> Integers:
        """As `Compensation`."""
        steps = np.broadcast_to(steps, weights.shape)
        rounded = []
        if self._stacked:
            end = self._whole * self._size

            def stacked(values: NDArray[np.floating]) -> NDArray[np.floating]:
                return values[0, :, :end].reshape(-1, self._whole, self._size).transpose(1, 0, 2)

            together = self._stacked.round(stacked(weights), stacked(steps), largest)
            rounded.append(together.transpose(1, 0, 2).reshape(1, -1, end))
        rounded += [part.round(weights[:, :, cut], steps[:, :, cut], largest) for cut, part in self._others]
        return np.concatenate(rounded, axis=2)


@dataclass(frozen=True)
class Calibration:
    """Pictures on which weights are rounded."""

    pictures: NDArray[np.float32]
    """Preprocessed, [images, channels, height, width]."""
    weights: Sequence[float]
    """Factor of each picture's columns: extremes count less than what models are about."""


@dataclass
class _Seen:
    """Columns [groups, columns, inputs] of a layer's input: themselves, or added up as moments."""

    layer: Layer
    few: bool
    columns: list[NDArray[np.float64]] = field(default_factory=list)
    moments: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, columns: NDArray[np.float64]) -> None:
        if self.few:
            self.columns.append(columns[0])
            return
        found = [
            part.transpose(0, 2, 1) @ part
            for part in (columns[:, :, block] for block in blocks(self.layer.inputs))
        ]
        for total, part in zip(self.moments, found, strict=bool(self.moments)):
            total += part
        self.moments = self.moments or found

    def compensation(self, feedback: Feedback | None) -> Compensation:
        if self.few:
            columns = np.concatenate(self.columns)
            channels = self.layer.channels
            return MapCompensation(columns, channels, feedback) if channels else ColumnCompensation(columns)
        if len(self.moments) == 1:
            return PairCompensation(self.moments[0])
        return BlockCompensation(self.moments, self.layer.inputs)


def compensations(
    model: onnx.ModelProto,
    weights: Mapping[str, NDArray[np.float32]],
    layers: Sequence[Layer],
    calibration: Calibration,
    scores: Scores,
) -> dict[Hashable, Compensation]:
    """Run `model` with `weights` over the pictures of `calibration`; by `input_of` layers.

    Of layers with a flattened map, errors of outputs are counted as `scores` see them.

    Raises VerificationError if onnxruntime cannot run it.
    """
    session = create_session_with(_with_outputs(model, layers), weights)
    (image,) = (entry.name for entry in session.get_inputs())
    names = [entry.name for entry in session.get_outputs()]
    by_input = {input_of(layer): layer for layer in layers}
    found: dict[Hashable, _Seen] = {}
    of_maps: dict[Hashable, dict[str, list[NDArray[np.float32]]]] = {}
    for layer in layers:
        if layer.channels:
            of_maps.setdefault(input_of(layer), {})[layer.output] = []
    pictures = calibration.pictures
    for number, (picture, weight) in enumerate(zip(pictures, calibration.weights, strict=True)):
        feeds = {image: picture[np.newaxis]}
        tensors = {**dict(zip(names, session.run(names, feeds), strict=True)), **feeds}
        for key, layer in by_input.items():
            columns = layer.columns(tensors[layer.input], COLUMNS, shift=number)
            if key not in found:
                found[key] = _Seen(layer, _has_few(layer, columns.shape[1] * len(pictures)))
            found[key].add(weight * columns)
        for values in of_maps.values():
            for name, values_of in values.items():
                values_of.append(tensors[name])
    feedbacks = {
        key: feedback_of(model, weights, values, calibration.weights, scores)
        for key, values in of_maps.items()
        if found[key].few
    }
    return {key: seen.compensation(feedbacks.get(key)) for key, seen in found.items()}


def _has_few(layer: Layer, columns: int) -> bool:
    large = layer.groups == 1 and layer.inputs > MAX_INPUTS
    return large and columns <= FEW_COLUMNS and columns * _FEW_SHARE <= layer.inputs


def _with_outputs(model: onnx.ModelProto, layers: Sequence[Layer]) -> bytes:
    """The model, which gives the inputs of `layers` too, and the outputs of those with a flattened map."""
    asking = onnx.ModelProto()
    asking.CopyFrom(model)
    known = {entry.name for entry in (*model.graph.input, *model.graph.output)}
    outputs = (layer.output for layer in layers if layer.channels)
    for name in dict.fromkeys((*(layer.input for layer in layers), *outputs)):
        if name not in known:
            asking.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    content: bytes = asking.SerializeToString()
    return content
