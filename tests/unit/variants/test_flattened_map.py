"""Rounding of layers that multiply a flattened feature map, of which calibration has few pictures."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from torch2web.tasks import Task
from torch2web.variants.encodings import Weight, decode_all
from torch2web.variants.rounding import Calibration, Rounding, map_rounding
from torch2web.variants.rounding.few_columns import ColumnCompensation
from torch2web.variants.rounding.flattened_map import LARGEST_FACTOR, MapCompensation
from torch2web.variants.rounding.layers import find_layers
from torch2web.variants.split import SplitModel, external_tensor
from torch2web.verification import create_session_with, run_session

CHANNELS, SIDE, OUTPUTS = 6, 8, 12
RANDOM = np.random.Generator(np.random.PCG64(4))
POWER = np.array([4.0, 1.0, 2.0, 0.5, 3.0, 0.0])
"""Of channels; the last is always zero."""
MIXING = RANDOM.normal(size=(CHANNELS, 3))


def maps(count: int) -> NDArray[np.float64]:
    """Smooth maps [count, channels × places], whose channels are mixtures of three."""
    fine = RANDOM.normal(size=(count, 3, SIDE + 4, SIDE + 4))
    windows = np.lib.stride_tricks.sliding_window_view(fine, (5, 5), (2, 3)).mean(axis=(4, 5))
    mixed = np.einsum("ck,nkhw->nchw", MIXING, windows) + 0.02 * RANDOM.normal(
        size=(count, CHANNELS, SIDE, SIDE)
    )
    found: NDArray[np.float64] = (mixed * POWER[:, np.newaxis, np.newaxis]).reshape(count, -1)
    return found


SEEN, UNSEEN = maps(6), maps(200)
WEIGHTS = RANDOM.uniform(-1, 1, size=(1, OUTPUTS, CHANNELS * SIDE**2))
STEPS = np.full((1, OUTPUTS, 1), 0.4)


def error(integers: NDArray[np.number], columns: NDArray[np.float64]) -> float:
    """Mean square of what sums with `columns` are off."""
    return float(np.square((integers * STEPS - WEIGHTS)[0] @ columns.T).mean())


def test_sums_with_unseen_maps_are_nearer_than_by_columns_alone() -> None:
    by_maps = MapCompensation(SEEN, CHANNELS).round(WEIGHTS, STEPS, 127)
    by_columns = ColumnCompensation(SEEN).round(WEIGHTS, STEPS, 127)
    nearest = np.rint(WEIGHTS / STEPS)
    assert by_maps.dtype == np.int8
    assert by_maps.shape == WEIGHTS.shape
    assert error(by_maps, UNSEEN) < error(by_columns, UNSEEN) / 5 < error(nearest, UNSEEN) / 5
    assert error(by_maps, SEEN) < error(nearest, SEEN) / 20


def test_what_is_missing_is_made_up_for_by_columns_too() -> None:
    """Without columns of its own a picture of these channels and places is still off by more."""
    compensation = MapCompensation(SEEN, CHANNELS)
    integers = compensation.round(WEIGHTS, STEPS, 127)
    assert error(integers, SEEN) < error(integers, UNSEEN) / 20


@pytest.mark.parametrize("at_once", [1, 100])
def test_errors_may_be_spread_late(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compensation = MapCompensation(SEEN, CHANNELS)
    expected = compensation.round(WEIGHTS, STEPS, 127)
    monkeypatch.setattr(map_rounding, "_LAZY_PLACES", at_once)
    monkeypatch.setattr(map_rounding, "_LAZY_CHANNELS", at_once)
    # Sums in another order differ in their last bits, which may round a number to the other side.
    assert (compensation.round(WEIGHTS, STEPS, 127) == expected).mean() > 0.99


def test_channels_that_matter_less_get_coarser_steps() -> None:
    compensation = MapCompensation(SEEN, CHANNELS)
    finest, factors = compensation.factors(8.0)
    assert 1 <= finest <= 2
    assert factors.argmax() == POWER.argmin()
    assert compensation.factors(1e3)[1][5] == LARGEST_FACTOR
    weaker = SEEN * np.repeat([1, 1, 1, 0.1, 1, 1], SIDE**2)
    assert MapCompensation(weaker, CHANNELS).coarseness[3] > 2 * compensation.coarseness[3]
    steps = finest * STEPS / 40
    integers = compensation.round(WEIGHTS, steps, 127, factors).reshape(OUTPUTS, CHANNELS, -1)
    assert not (integers % factors[:, np.newaxis]).any()
    assert np.abs(integers[:, 0] * steps[0]).max() == pytest.approx(1, abs=0.2)
    assert finest * np.exp(np.log(factors).mean()) == pytest.approx(8, rel=0.15)


def test_fine_steps_have_no_factors() -> None:
    finest, factors = MapCompensation(SEEN[:, : 5 * SIDE**2], 5).factors(1e-3)
    assert finest == 1
    assert (factors == 1).all()


def test_inputs_that_are_always_zero() -> None:
    integers = MapCompensation(np.zeros_like(SEEN), CHANNELS).round(WEIGHTS, STEPS, 127)
    assert (integers == np.rint(WEIGHTS / STEPS)).all()


def flattening(weights: list[Weight]) -> onnx.ModelProto:
    """A convolution to six channels, whose map is flattened for a product."""
    helper, tensor = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["y"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["y"], ["z"]),
        helper.make_node("Flatten", ["z"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w1"], ["out"]),
    ]
    x = helper.make_tensor_value_info("x", tensor.FLOAT, ["batch", 3, 20, 20])
    out = helper.make_tensor_value_info("out", tensor.FLOAT, ["batch", 8])
    graph = helper.make_graph(
        nodes, "flattening", [x], [out], [external_tensor(weight) for weight in weights]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


LAYERS = [
    Weight("w0", RANDOM.normal(size=(6, 3, 3, 3)).astype(np.float32), 0),
    Weight("w1", RANDOM.uniform(-1, 1, size=(6 * 20 * 20, 8)).astype(np.float32), 1),
]


def test_channels_are_those_of_the_map_before_it_was_flattened() -> None:
    model = flattening(LAYERS)
    convolution, product = find_layers(model, LAYERS)
    assert (convolution.channels, product.channels) == (0, 6)
    model.graph.node[2].op_type = "Relu"  # no map that was flattened
    assert find_layers(model, LAYERS)[1] == replace(product, channels=0)


def test_large_products_of_a_flattened_map_have_coarser_channels() -> None:
    """And are nearer than the nearest integers of the same steps."""
    fine = RANDOM.normal(size=(40, 3, 26, 26)).astype(np.float32)
    pictures = np.lib.stride_tricks.sliding_window_view(fine, (7, 7), (2, 3)).mean(axis=(4, 5))
    split = SplitModel(flattening(LAYERS).SerializeToString(), tuple(LAYERS))
    rounding = Rounding(split, Calibration(pictures[:4], [1] * 4), Task("regression"))
    unit = rounding.units[1]
    coarseness = rounding.coarseness(unit)
    assert len(coarseness) == 6
    assert (rounding.coarseness(rounding.units[0]) == 1).all()
    tensors = rounding.encode(unit, 24)
    factor = np.gcd.reduce(tensors["w1"].astype(np.int64).reshape(6, -1), axis=1)
    assert factor[coarseness.argmax()] > factor[coarseness.argmin()] > 1

    def outputs(decoded: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        weights = {**{weight.name: weight.values for weight in LAYERS}, **decoded}
        session = create_session_with(split.graph, weights)
        return np.concatenate([run_session(session, picture[np.newaxis]) for picture in pictures[4:]])

    expected = outputs({})
    steps = tensors["w1.scale"] * factor.repeat(400)[:, np.newaxis]
    nearest = (np.rint(LAYERS[1].values / steps) * steps).astype(np.float32)
    off = np.square(outputs(decode_all(tensors)) - expected).mean()
    assert off < np.square(outputs({"w1": nearest}) - expected).mean() / 1.5
