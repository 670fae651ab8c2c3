"""The engine refuses Winograd's operator and weights where they would lead outside a tensor."""

import struct
from ctypes import CDLL

import numpy as np
import pytest
from onnx import helper

from tests.engine.plans.running import model_of
from tests.engine.plans.test_check import code_of
from tests.engine.plans.test_instructions import place_of, refused_with
from torch2web.plan import ops, plan_model
from torch2web.plan.codegen import checksum
from torch2web.plan.format import EngineCode

CHANNELS = 35
INPUTS = 36 * (CHANNELS + 1)
"""Of the packed weights with tiles of 4 pixels; 25 * (CHANNELS + 1) is a multiple of 36, too."""


@pytest.fixture(scope="module")
def plan() -> bytes:
    """A convolution with a residual, by tiles of 4 pixels."""
    conv = helper.make_node("Conv", ["input", "w"], ["c"], pads=[1, 1, 1, 1])
    add = helper.make_node("Add", ["c", "input"], ["output"])
    weights = np.ones((CHANNELS, CHANNELS, 3, 3), np.float32)
    found = plan_model(model_of([conv, add], ("batch", CHANNELS, 24, 24), {"w": weights}))
    assert set(found.tiles.values()) == {4}
    return found.content


def word(plan: bytes, name: str) -> int:
    return int(struct.unpack_from("<I", plan, 4 * place_of(plan, ops.Winograd, name))[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("in_height", 48),
        ("in_width", 48),
        ("in_channels", 70),
        ("out_height", 48),
        ("out_width", 48),
        ("out_channels", 70),
        ("groups", 5),
        ("groups", 2),
        ("tile", 2),
        ("max_pool", 1),
    ],
)
def test_sizes(library: CDLL, plan: bytes, name: str, value: int) -> None:
    assert not refused_with(library, plan, {place_of(plan, ops.Winograd, name): word(plan, name)})
    assert refused_with(library, plan, {place_of(plan, ops.Winograd, name): value})


@pytest.mark.parametrize("name", ["x", "residual"])
def test_input_that_is_the_output(library: CDLL, plan: bytes, name: str) -> None:
    assert refused_with(library, plan, {place_of(plan, ops.Winograd, name): word(plan, "y")})


def only(plan: bytes, number: int) -> int:
    """Index of the only word that is this number."""
    (at,) = (at for at, found in enumerate(struct.unpack(f"<{len(plan) // 4}I", plan)) if found == number)
    return at


def test_tiles_of_3_pixels_with_weights_of_that_size(library: CDLL, plan: bytes) -> None:
    panels, inputs = 8 * -(-CHANNELS // 8), 25 * (CHANNELS + 1)
    size = {only(plan, INPUTS): inputs, only(plan, panels * (1 + INPUTS)): panels * (1 + inputs)}
    assert refused_with(library, plan, {place_of(plan, ops.Winograd, "tile"): 3, **size})


@pytest.mark.parametrize("inputs", [INPUTS + 1, 36])
def test_weights_that_are_no_transforms(library: CDLL, plan: bytes, inputs: int) -> None:
    changed = bytearray(plan)
    struct.pack_into("<I", changed, 4 * only(plan, INPUTS), inputs)
    struct.pack_into("<I", changed, 12, checksum(bytes(changed[16:])))
    assert code_of(library, bytes(changed)) == EngineCode.BAD_PACKED_WEIGHT
