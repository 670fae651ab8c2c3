"""Creating and filling networks leaves the state of the process unchanged."""

import random

import numpy as np
import torch
from torch import nn

from torch2web.sources.materialise import build_filled


def draws() -> tuple[float, float, float]:
    return random.random(), float(np.random.random()), torch.rand(1, device="cpu").item()


def seed(value: int) -> None:
    random.seed(value)
    np.random.seed(value)
    torch.manual_seed(value)


def make() -> nn.Module:
    draws()
    return nn.Linear(2, 2)


def test_random_states_are_as_before() -> None:
    """Whichever generator a factory draws from."""
    seed(7)
    expected = draws()
    seed(7)
    weights = {"weight": torch.ones(2, 2), "bias": torch.ones(2)}
    build_filled("a factory", make, lambda _: weights, (2, 1, 1))
    assert draws() == expected
