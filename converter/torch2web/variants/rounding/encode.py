"""Weights of a model as integers with a scale per channel, by error-compensated rounding."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property, partial

import numpy as np
import onnx
from numpy.typing import NDArray

from torch2web.tasks import Task, activate
from torch2web.variants.encodings import Tensors, Weight, as_float16, as_int8
from torch2web.variants.rounding.compensated import Compensation
from torch2web.variants.rounding.flattened_map import MapCompensation
from torch2web.variants.rounding.halves import LARGEST, as_halves, on_grid
from torch2web.variants.rounding.layers import Layer, find_layers
from torch2web.variants.rounding.one_thread import one_thread
from torch2web.variants.rounding.second_moments import Calibration, compensations, input_of
from torch2web.variants.split import SplitModel

HALF = 0.0
"""In place of a multiple: the weight is stored in half precision."""


class Rounding:
    """Rounds the weights of a model for inputs as calibration pictures cause them, with any steps."""

    def __init__(self, split: SplitModel, calibration: Calibration, task: Task) -> None:
        """`task` says what becomes of the outputs.

        Raises VerificationError if onnxruntime cannot run the graph.
        """
        self.split = split
        model = onnx.load_from_string(split.graph)
        found = {layer.weight.name: layer for layer in find_layers(model, split.weights)}
        values = {weight.name: weight.values for weight in split.weights}
        self._layers = {name: found[name] for name in values if name in found}
        layers = list(self._layers.values())
        scores = partial(activate, task)
        with one_thread():
            self._by_input: Mapping[Hashable, Compensation] = (
                compensations(model, values, layers, calibration, scores) if layers else {}
            )

    @cached_property
    def units(self) -> tuple[tuple[Weight, ...], ...]:
        """Weights that are rounded together: those that multiply the same input, and each of the others."""
        found: dict[Hashable, list[Weight]] = {}
        for weight in self.split.weights:
            layer = self._layers.get(weight.name)
            found.setdefault(input_of(layer) if layer else weight.name, []).append(weight)
        return tuple(map(tuple, found.values()))

    def coarseness(self, unit: Sequence[Weight]) -> NDArray[np.float64]:
        """Factors of the multiple of one of `units`, each for an equal share of its weights; mostly one."""
        layer = self._layers.get(unit[0].name)
        compensation = self._by_input[input_of(layer)] if layer else None
        return compensation.coarseness if isinstance(compensation, MapCompensation) else np.ones(1)

    def encode(self, unit: Sequence[Weight], multiple: float, largest: int = 127) -> Tensors:
        """The weights of one of `units`: as int8 with `multiple` × the steps of `as_int8`, or as HALF.

        A multiple below 1 makes numbers in half precision of about these steps, see `halves.py`.
        Where the unit multiplies a flattened feature map, `multiple` is the geometric mean of its channels'.
        Steps other than those of `as_int8` are rounded to 8 bits of mantissa, which take 2 bytes when coded.
        Weights that multiply no input, such as tables, are rounded to the nearest.
        """
        tensors: Tensors = {}
        if multiple == HALF:
            for weight in unit:
                tensors |= as_float16(weight)
            return tensors
        finer = multiple < 1
        if finer:
            largest = LARGEST
        layers = [self._layers[weight.name] for weight in unit if weight.name in self._layers]
        compensation = self._by_input[input_of(layers[0])] if layers else None
        round_matrices = compensation.round if compensation else None
        if isinstance(compensation, MapCompensation) and multiple > 1:
            multiple, factors = compensation.factors(multiple)
            round_matrices = partial(compensation.round, factors=factors)
        for weight in unit:
            tensors |= on_grid(weight, multiple) if finer else _with_multiple(weight, multiple, largest)
        if round_matrices:
            with one_thread():
                rounded = round_matrices(
                    np.concatenate([layer.matrices(layer.weight.values) for layer in layers], axis=1),
                    np.concatenate([_steps(layer, tensors) for layer in layers], axis=1),
                    largest,
                )
            start = 0
            for layer in layers:
                end = start + layer.matrices(layer.weight.values).shape[1]
                tensors[layer.weight.name] = layer.restored(rounded[:, start:end])
                start = end
        return tensors if not finer else _joined(as_halves(weight, tensors) for weight in unit)


def _joined(parts: Iterable[Tensors]) -> Tensors:
    return {name: values for part in parts for name, values in part.items()}


def _with_multiple(weight: Weight, multiple: float, largest: int) -> Tensors:
    nearest = as_int8(weight, largest)
    if multiple == 1:
        return nearest
    name = f"{weight.name}.scale"
    scale = _short(nearest[name].astype(np.float32) * np.float32(multiple))
    integers = np.rint(weight.values / scale).clip(-largest, largest).astype(np.int8)
    return {weight.name: integers, name: scale}


def _short(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounded to the upper two bytes of each value, as in bfloat16."""
    bits = np.ascontiguousarray(values).view(np.uint32) + np.uint32(0x8000)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32)


def _steps(layer: Layer, tensors: Tensors) -> NDArray[np.float32]:
    """One for each output, [groups, outputs, 1]."""
    scale = tensors[f"{layer.weight.name}.scale"].astype(np.float32)
    return layer.matrices(np.broadcast_to(scale, layer.weight.values.shape))[:, :, :1]


def encode_compensated(rounding: Rounding, largest: int = 127) -> Tensors:
    """All weights in the encoding `int8`, rounded with the steps of `as_int8`."""
    found: Tensors = {}
    for unit in rounding.units:
        found |= rounding.encode(unit, 1, largest)
    split = rounding.split
    return {name: found[name] for weight in split.weights for name in (weight.name, f"{weight.name}.scale")}
