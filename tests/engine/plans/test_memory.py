"""Tensors with overlapping lifetimes do not overlap in memory, and memory is reused."""

from itertools import combinations

import pytest

from tests.engine.plans.cases.random_networks import random_network
from torch2web.plan.import_onnx.build_ir import build_ir
from torch2web.plan.import_onnx.reader import trace
from torch2web.plan.lowering.graph import lower
from torch2web.plan.memory import lifetimes, place_tensors
from torch2web.plan.passes import simplify


@pytest.mark.parametrize("seed", range(12))
def test_of_random_networks(seed: int) -> None:
    program = lower(simplify(build_ir(trace(random_network(seed)[0], 1))))
    offsets, arena = place_tensors(program)
    lives = lifetimes(program)
    assert {life.tensor for life in lives} == set(offsets)
    for life in lives:
        assert offsets[life.tensor] % 16 == 0
        assert offsets[life.tensor] + life.tensor.length <= arena
    for one, other in combinations(lives, 2):
        if one.first <= other.last and other.first <= one.last:
            first, second = sorted((offsets[life.tensor], life.size) for life in (one, other))
            assert first[0] + first[1] <= second[0]
    assert arena < sum(life.size for life in lives) or len(lives) < 4
