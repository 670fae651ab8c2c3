"""Weights of a model as integers with a scale per channel, by error-compensated rounding."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property, partial

import numpy as np
import onnx
from numpy.typing import NDArray

from torch2web.coding import LARGEST_INTEGER
from torch2web.tasks import Task, activate
from torch2web.variants.encodings import Tensors, Weight, as_float16, as_int8
from torch2web.variants.rounding.compensated import Compensation, Integers
from torch2web.variants.rounding.flattened_map import MapCompensation
from torch2web.variants.rounding.halves import FineSteps, as_halves, round_finely
from torch2web.variants.rounding.layers import Layer, find_layers
from torch2web.variants.rounding.one_thread import one_thread
from torch2web.variants.rounding.second_moments import Calibration, compensations, input_of
from torch2web.variants.split import SplitModel

_Round = Callable[[NDArray[np.floating], NDArray[np.floating], int], Integers]
"""`Compensation.round`."""

HALF = 0.0
"""In place of a multiple: the weight is stored in half precision."""


class Rounding:
    """Rounds the weights of a model for inputs as calibration pictures cause them, with any steps."""

    def __init__(self, split: SplitModel, calibration: Calibration, task: Task) -> None:
        """`task` says what becomes of the outputs.

        Raises VerificationError if onnxruntime cannot run the graph.
        """
        self.split = split
        self._fine: dict[str, FineSteps] = {}
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
        compensation = self._compensation(unit)
        return compensation.coarseness if isinstance(compensation, MapCompensation) else np.ones(1)

    def fine_steps(self, weight: Weight) -> FineSteps:
        """The steps of a weight that are finer than those of int8: at multiples below 1."""
        if weight.name not in self._fine:
            layer = self._layers.get(weight.name)
            self._fine[weight.name] = FineSteps.of(weight, common=layer is not None and layer.groups == 1)
        return self._fine[weight.name]

    def encode(self, unit: Sequence[Weight], multiple: float, largest: int = 127) -> Tensors:
        """The weights of one of `units`: as int8 with `multiple` × the steps of `as_int8`, or as HALF.

        A multiple below 1 makes float16 of about these steps, see `halves.py`.
        Where the unit multiplies a flattened feature map, `multiple` is the geometric mean of its channels'.
        Steps other than those of `as_int8` are rounded to 8 bits of mantissa, which take 2 bytes when coded.
        Weights that multiply no input, such as tables, are rounded to the nearest.
        """
        if multiple == HALF:
            return _joined(as_float16(weight) for weight in unit)
        compensation = self._compensation(unit)
        round_matrices = compensation.round if compensation else None
        if multiple < 1:
            nearest = _joined(_finely(weight, self.fine_steps(weight).at(multiple)) for weight in unit)
            fine = self._compensated(unit, nearest, round_matrices, LARGEST_INTEGER)
            return {weight.name: as_halves(fine[weight.name], _scale(weight, fine)) for weight in unit}
        if isinstance(compensation, MapCompensation) and multiple > 1:
            multiple, factors = compensation.factors(multiple)
            round_matrices = partial(compensation.round, factors=factors)
        nearest = _joined(_with_multiple(weight, multiple, largest) for weight in unit)
        return self._compensated(unit, nearest, round_matrices, largest)

    def _compensation(self, unit: Sequence[Weight]) -> Compensation | None:
        layer = self._layers.get(unit[0].name)
        return self._by_input[input_of(layer)] if layer else None

    def _compensated(
        self, unit: Sequence[Weight], nearest: Tensors, round_matrices: _Round | None, largest: int
    ) -> Tensors:
        """`nearest`, the integers and scales of `unit`, with the integers that compensate errors."""
        if not round_matrices:
            return nearest
        layers = [self._layers[weight.name] for weight in unit]
        with one_thread():
            rounded = round_matrices(
                np.concatenate([layer.matrices(layer.weight.values) for layer in layers], axis=1),
                np.concatenate([_steps(layer, nearest) for layer in layers], axis=1),
                largest,
            )
        found = dict(nearest)
        start = 0
        for layer in layers:
            end = start + layer.matrices(layer.weight.values).shape[1]
            found[layer.weight.name] = layer.restored(rounded[:, start:end])
            start = end
        return found


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


def _finely(weight: Weight, steps: NDArray[np.float32]) -> Tensors:
    return {weight.name: round_finely(weight.values, steps), f"{weight.name}.scale": steps}


def _short(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounded to the upper two bytes of each value, as in bfloat16."""
    bits = np.ascontiguousarray(values).view(np.uint32) + np.uint32(0x8000)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32)


def _steps(layer: Layer, tensors: Tensors) -> NDArray[np.float32]:
    """One for each output, [groups, outputs, 1]."""
    scale = _scale(layer.weight, tensors)
    return layer.matrices(np.broadcast_to(scale, layer.weight.values.shape))[:, :, :1]


def _scale(weight: Weight, tensors: Tensors) -> NDArray[np.float32]:
    return tensors[f"{weight.name}.scale"].astype(np.float32)


def encode_compensated(rounding: Rounding, largest: int = 127) -> Tensors:
    """All weights in the encoding `int8`, rounded with the steps of `as_int8`."""
    found: Tensors = {}
    for unit in rounding.units:
        found |= rounding.encode(unit, 1, largest)
    split = rounding.split
    return {name: found[name] for weight in split.weights for name in (weight.name, f"{weight.name}.scale")}
