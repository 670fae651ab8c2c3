"""Fields of instructions: planning rejects missing and invalid ones, and the engine has the same limits."""

import struct
from collections.abc import Iterator
from ctypes import CDLL
from dataclasses import fields
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.engine.native_engine import NativeEngine
from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.running import model_of
from tests.engine.plans.test_stored_weights import lower_limits, network
from torch2web.plan import PlanError, ops, plan_model
from torch2web.plan.codegen import checksum
from torch2web.plan.engine_driver import EngineError
from torch2web.plan.field_types import TYPE, ActivationField, FieldType, IntegerField
from torch2web.plan.format import ActivationKind, EngineCode, HeaderWords, Place
from torch2web.plan.ir import NONE
from torch2web.plan.program import FieldError, Instruction
from torch2web.plan.tensors import Tensor
from torch2web.variants.split import split_model

POOLED: dict[str, Any] = {
    "sums": Tensor(8, Place.SUMS),
    "first": Tensor(72),
    "second": Tensor(72),
    "gate": Tensor(8),
    "channels": 8,
    "hidden": 8,
    "pixels": 1,
    "first_activation": NONE,
    "second_activation": NONE,
}
PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "number for a tensor": ({"gate": 5}, "gate of SQUEEZE_EXCITE is 5, expected a tensor"),
    "absent tensor": ({"first": None}, "first of SQUEEZE_EXCITE is None, expected a tensor"),
    "tensor for a number": ({"pixels": NONE}, "pixels .* expected 1 to 16,777,216"),
    "too small": ({"hidden": 0}, "hidden of SQUEEZE_EXCITE is 0, expected 1 to 16,777,216"),
    "too large": ({"hidden": 2**24 + 1}, "hidden of SQUEEZE_EXCITE is 16777217, expected 1 to 16,777,216"),
    "sums in the arena": ({"sums": Tensor(8)}, "a tensor in ARENA, expected one that is sums"),
    "input in the sums": ({"first": Tensor(8, Place.SUMS)}, "a tensor in SUMS, expected one that is read"),
    "number for an activation": ({"first_activation": 1}, "is 1, expected an activation"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_wrong_field_is_refused(name: str) -> None:
    changed, problem = PROBLEMS[name]
    ops.SqueezeExcite(**POOLED)
    with pytest.raises(FieldError, match=problem):
        ops.SqueezeExcite(**{**POOLED, **changed})


def test_wrong_axes_and_floats_are_refused() -> None:
    x, y, zeros = Tensor(8), Tensor(8), (0,) * 6
    given: dict[str, Any] = {"x": x, "y": y, "x_first": 0, "y_first": 0, "rank": 1, "y_strides": zeros}
    ops.Copy(**given, shape=(8, 1, 1, 1, 1, 1), x_strides=(-1, 0, 0, 0, 0, 0))
    with pytest.raises(FieldError, match=r"shape of COPY is \(8,\), expected 6 integers"):
        ops.Copy(**given, shape=(8,), x_strides=zeros)
    with pytest.raises(FieldError, match=r"expected -268,435,456 to 268,435,456"):
        ops.Copy(**given, shape=(8, 1, 1, 1, 1, 1), x_strides=(-(2**28) - 1, 0, 0, 0, 0, 0))
    with pytest.raises(FieldError, match="value of FILL is 1, expected a float"):
        ops.Fill(y=y, count=8, value=1)


def test_missing_or_unknown_field_is_refused() -> None:
    for changed in ({key: POOLED[key] for key in POOLED if key != "hidden"}, {**POOLED, "hiden": 8}):
        with pytest.raises(TypeError, match="hid"):
            ops.SqueezeExcite(**changed)


def test_node_over_the_limits_is_named() -> None:
    model = model_of([helper.make_node("Relu", ["input"], ["output"], name="r")], ("batch", 2**28 + 1), {})
    with pytest.raises(PlanError, match="Activate r: count of ACTIVATE is 268435457"):
        plan_model(model)


OTHER = IntegerField(0, 2**32 - 1)
"""A word that no limits hold for on its own: a tensor or a float."""


def words_of(operator: type[Instruction]) -> list[IntegerField]:
    """The limits of each word of an operator."""
    words: list[IntegerField] = []
    for entry in fields(operator):
        match entry.metadata.get(TYPE):
            case ActivationField():
                words += [IntegerField(0, len(ActivationKind) - 1), OTHER, OTHER]
            case IntegerField() as integer:
                words += [integer] * (integer.count or 1)
            case FieldType():
                words.append(OTHER)
    return words


OPERATORS = {operator.number: operator for operator in Instruction.__subclasses__()}


def operators_of(plan: bytes) -> Iterator[tuple[int, type[Instruction]]]:
    """Each operator in `plan`, and the index of the word where its fields begin."""
    words = struct.unpack(f"<{len(plan) // 4}I", plan)
    header = dict(zip((entry.name for entry in fields(HeaderWords)), words, strict=False))
    at = len(words) - header["op_words"]
    while at < len(words):
        operator = OPERATORS[words[at]]
        yield at + 1, operator
        at += 1 + len(words_of(operator))


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[type[Instruction], tuple[bytes, int]]:
    """A plan for each operator, and the index of the word where the operator's fields begin."""
    depthwise = helper.make_node("Conv", ["input", "w"], ["c"], group=8)
    mean = helper.make_node("GlobalAveragePool", ["c"], ["output"])
    constants = {"w": np.ones((8, 1, 3, 3), np.float32)}
    models = [model_of([depthwise, mean], ("batch", 8, 5, 5), constants)]
    for nodes, shape, weights, opset in CASES.values():
        models.append(model_of(nodes, ("batch", *shape), weights, opset))
    found: dict[type[Instruction], tuple[bytes, int]] = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        lower_limits(monkeypatch)
        models.append(onnx.load_from_string(split_model(network(tmp_path_factory.mktemp("stored"))).graph))
        plans = [plan_model(model).content for model in models]
    for plan in plans:
        for at, operator in operators_of(plan):
            found.setdefault(operator, (plan, at))
    return found


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.__name__)
def test_engine_refuses_numbers_outside_the_limits(
    library: CDLL, examples: dict[type[Instruction], tuple[bytes, int]], operator: type[Instruction]
) -> None:
    plan, start = examples[operator]
    for at, limits in enumerate(words_of(operator), start):
        if limits is OTHER:
            continue
        for number in (limits.low - 1, limits.high + 1):
            assert refused_with(library, plan, {at: number % 2**32})


def place_of(plan: bytes, operator: type[Instruction], name: str) -> int:
    """Index of the word of field `name` of the first such operator."""
    at = next(start for start, found in operators_of(plan) if found is operator)
    for entry in fields(operator):
        if entry.name == name:
            return at
        match entry.metadata.get(TYPE):
            case ActivationField():
                at += 3
            case IntegerField() as integer:
                at += integer.count or 1
            case FieldType():
                at += 1
    raise AssertionError(name)


def refused_with(library: CDLL, plan: bytes, changes: dict[int, int]) -> bool:
    """Whether the engine refuses `plan` with these words changed and its checksum corrected."""
    words = list(struct.unpack(f"<{len(plan) // 4}I", plan))
    for at, number in changes.items():
        words[at] = number
    content = struct.pack(f"<{len(words)}I", *words)
    try:
        NativeEngine(library, content[:12] + struct.pack("<I", checksum(content[16:])) + content[16:])
    except EngineError as error:
        return error.code == EngineCode.BAD_OP
    return False


@pytest.mark.parametrize(
    "name",
    ["count", "rows", "inputs", "outputs", "x_step", "w_step", "input_stride", "output_stride"],
)
def test_products_stay_inside_their_tensors(library: CDLL, name: str) -> None:
    nodes, shape, constants, opset = CASES["scaled_attention: with weights read again"]
    plan = plan_model(model_of(nodes, ("batch", *shape), constants, opset)).content
    at = place_of(plan, ops.Products, name)
    (value,) = struct.unpack_from("<I", plan, 4 * at)
    assert value > 0
    assert not refused_with(library, plan, {at: value})
    assert refused_with(library, plan, {at: 2 * value})


ATTENTION_SIZES = ["outer", "heads", "rows", "keys", "depth", "width"]
ATTENTION_STRIDES = [
    f"{tensor}_{axis}" for tensor in ("q", "k", "v", "bias", "mask", "y") for axis in ("outer", "head", "row")
]


@pytest.mark.parametrize(
    "name", [*ATTENTION_SIZES, *ATTENTION_STRIDES, "q_first", "k_first", "v_first", "y_first"]
)
def test_attention_stays_inside_its_tensors(library: CDLL, name: str) -> None:
    nodes, shape, constants, opset = CASES["scaled_attention: of windows"]
    plan = plan_model(model_of(nodes, ("batch", *shape), constants, opset)).content
    at = place_of(plan, ops.Attention, name)
    (value,) = struct.unpack_from("<I", plan, 4 * at)
    assert not refused_with(library, plan, {at: value})
    assert refused_with(library, plan, {at: max(8 * value, 1000)})


def test_attention_writes_each_number_once(library: CDLL) -> None:
    nodes, shape, constants, opset = CASES["scaled_attention: of windows"]
    plan = plan_model(model_of(nodes, ("batch", *shape), constants, opset)).content
    for name in ("y_outer", "y_head", "y_row"):
        assert refused_with(library, plan, {place_of(plan, ops.Attention, name): 0})
    y, q = (place_of(plan, ops.Attention, name) for name in ("y", "q"))
    (read,) = struct.unpack_from("<I", plan, 4 * q)
    assert refused_with(library, plan, {y: read}), "in the place of what it reads"


@pytest.mark.parametrize("name", ["outer", "middle", "inner"])
def test_scale_stays_inside_its_tensors(library: CDLL, name: str) -> None:
    nodes, shape, constants, opset = CASES["scales: an image's"]
    plan = plan_model(model_of(nodes, ("batch", *shape), constants, opset)).content
    at = place_of(plan, ops.Scale, name)
    (value,) = struct.unpack_from("<I", plan, 4 * at)
    assert refused_with(library, plan, {at: 2 * value})
    middle, inner = (place_of(plan, ops.Scale, other) for other in ("middle", "inner"))
    assert refused_with(library, plan, {middle: 35, inner: 3}), "more channels than factors"


def test_normalize_has_factors_for_rows_alone(library: CDLL) -> None:
    nodes = [helper.make_node("LayerNormalization", ["input", "s", "o"], ["output"])]
    row = np.ones(8, np.float32)
    plan = plan_model(model_of(nodes, ("batch", 4, 8), {"s": row, "o": row}, 17)).content
    outer, middle, inner, scale = (
        place_of(plan, ops.Normalize, name) for name in ("outer", "middle", "inner", "scale")
    )
    assert not refused_with(library, plan, {outer: 4})
    assert refused_with(library, plan, {outer: 2, inner: 2}), "the same number of values"
    assert refused_with(library, plan, {outer: 2, middle: 16}), "more values than factors"
    assert refused_with(library, plan, {scale: 2**32 - 1}), "no scale, but a shift"
