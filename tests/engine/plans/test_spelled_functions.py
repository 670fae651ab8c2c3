"""What is spelled out becomes one operator, and only where it is the same function."""

import pytest

from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.running import model_of
from torch2web.plan import plan_model
from torch2web.plan.format import ActivationKind
from torch2web.plan.import_onnx import build_ir, trace
from torch2web.plan.ir import Activate, Conv
from torch2web.plan.passes import simplify

WANTED = {
    **{
        f"HardSwish as {name}": ActivationKind.HARD_SWISH
        for name in ("x · clip / 6", "clip · x / 6", "x · (clip / 6)", "clip · 1/6 · x")
    },
    "HardSigmoid as clip / 6": ActivationKind.HARD_SIGMOID,
    "Mish": ActivationKind.MISH,
}


@pytest.mark.parametrize("name", WANTED)
def test_is_one_operator(name: str) -> None:
    nodes, shape, constants, opset = CASES[f"spelled_functions: {name}"]
    (op,) = simplify(build_ir(trace(model_of(nodes, ("batch", *shape), constants, opset), 1))).ops
    assert isinstance(op, Activate)
    assert op.activation.kind == WANTED[name]


def test_the_summand_is_part_of_the_function() -> None:
    nodes, shape, constants, opset = CASES["spelled_functions: HardSigmoid with another summand"]
    (op,) = simplify(build_ir(trace(model_of(nodes, ("batch", *shape), constants, opset), 1))).ops
    assert isinstance(op, Activate)
    assert (op.activation.a, op.activation.b) == pytest.approx((1 / 6, 4 / 6))


@pytest.mark.parametrize("name", ["Sub and Div after Conv", "Conv subtracted from a number"])
def test_constants_are_folded_into_a_convolution(name: str) -> None:
    nodes, shape, constants, opset = CASES[f"scales: {name}"]
    (op,) = simplify(build_ir(trace(model_of(nodes, ("batch", *shape), constants, opset), 1))).ops
    assert isinstance(op, Conv)


@pytest.mark.parametrize("name", ["divided by another number", "clipped above 0", "almost Mish"])
def test_another_function_stays(name: str) -> None:
    nodes, shape, constants, opset = CASES[f"spelled_functions: {name}"]
    assert len(plan_model(model_of(nodes, ("batch", *shape), constants, opset)).operators) > 1
