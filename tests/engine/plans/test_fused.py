"""Patterns that become one instruction: what is planned of them; that it is right, test_operators shows."""

import pytest

from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.running import model_of
from torch2web.plan import plan_model

OPERATORS = {
    "joined: convolutions": "COPY PRODUCT CONV WINOGRAD CONV COPY",
    "joined: read by a convolution": "COPY PRODUCT CONV WINOGRAD PRODUCT COPY",
    "joined: pools": "COPY POOL POOL PRODUCT COPY",
    "joined: pooled convolutions": "CONV COPY WINOGRAD COPY",
    "attention: 3 heads of 6, 7 tokens": "PRODUCT ATTENTION",
    "linear: of channels last": "COPY PRODUCT PRODUCT COPY",
    "linear: scaled, then with a bias": "PRODUCT",
    "linear: with a bias and Relu": "PRODUCT",
    "linear: with a constant for each token": "PRODUCT",
    "linear: with a residual and Relu": "PRODUCT",
    "linear: with a residual that is computed later": "ACTIVATE PRODUCT",
    "scales: BatchNormalization and Relu before Conv (6, 4, 5)": "ACTIVATE SCALE COPY PRODUCT COPY",
    "scales: an image's": "SCALE",
    "scales: an image's before Conv": "SCALE CONV COPY",
    "scales: by channel and by number": "SCALE",
    "scaled_attention: both operands scaled": "PRODUCT PRODUCT PRODUCT ATTENTION",
    "scaled_attention: by Einsum": "PRODUCT PRODUCT PRODUCT ATTENTION",
    "scaled_attention: divided": "PRODUCT PRODUCT PRODUCT ATTENTION",
    "scaled_attention: of an image": "COPY PRODUCT ATTENTION COPY",
    "scaled_attention: of joined heads": "PRODUCT PRODUCT PRODUCT ATTENTION",
    "scaled_attention: of learned queries": "PRODUCT PRODUCT ATTENTION",
    "scaled_attention: of one head": "PRODUCT PRODUCT PRODUCT ATTENTION",
    "scaled_attention: of windows": "PRODUCT ATTENTION",
    "scaled_attention: over channels": "PRODUCT PRODUCT PRODUCT COPY COPY COPY ATTENTION COPY",
    "scaled_attention: with two summands": "PRODUCT PRODUCT PRODUCT ATTENTION",
}


@pytest.mark.parametrize("name", OPERATORS)
def test_instructions(name: str) -> None:
    nodes, shape, constants, opset = CASES[name]
    plan = plan_model(model_of(nodes, ("batch", *shape), constants, opset))
    assert plan.operators == tuple(OPERATORS[name].split())


@pytest.mark.parametrize("name", ["with weights read again", "scaled after a summand"])
def test_what_is_no_attention(name: str) -> None:
    nodes, shape, constants, opset = CASES[f"scaled_attention: {name}"]
    operators = plan_model(model_of(nodes, ("batch", *shape), constants, opset)).operators
    assert "ATTENTION" not in operators
    assert "SOFTMAX" in operators
