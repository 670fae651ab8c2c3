"""Invalid plans are refused before anything runs."""

import struct
from ctypes import CDLL
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from tests.engine.native_engine import NativeEngine
from tests.engine.plans.running import model_of
from tests.engine.plans.sanitized import run_sanitized
from tests.engine.plans.test_instructions import OPERATORS
from torch2web.plan import plan_model
from torch2web.plan.codegen import checksum
from torch2web.plan.engine_driver import EngineError
from torch2web.plan.format import ENGINE_CODE_MEANINGS, PLAN_VERSION, EngineCode
from torch2web.plan.ir import Value
from torch2web.plan.lowering import joined
from torch2web.plan.lowering.layouts import Layouts
from torch2web.plan.tensors import Tensor


@pytest.fixture(scope="module")
def plan() -> bytes:
    nodes = [
        helper.make_node("Conv", ["input", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["output"]),
    ]
    weights = {"w": np.ones((4, 3, 3, 3), np.float32)}
    return plan_model(model_of(nodes, ("batch", 3, 5, 5), weights)).content


def code_of(library: CDLL, plan: bytes) -> int:
    with pytest.raises(EngineError) as raised:
        NativeEngine(library, plan)
    return raised.value.code


def with_word(plan: bytes, index: int, value: int) -> bytes:
    return plan[: 4 * index] + struct.pack("<I", value) + plan[4 * index + 4 :]


def test_another_kind_of_file(library: CDLL, plan: bytes) -> None:
    assert code_of(library, with_word(plan, 0, 0)) == EngineCode.NOT_A_PLAN
    assert code_of(library, b"<!doctype html>" * 20) == EngineCode.NOT_A_PLAN
    assert code_of(library, b"") == EngineCode.NOT_A_PLAN


def test_truncated_or_longer_plan(library: CDLL, plan: bytes) -> None:
    for cut in (1, 4, 64, len(plan) - 20, len(plan) - 60):
        assert code_of(library, plan[:-cut]) == EngineCode.NOT_A_PLAN
    assert code_of(library, plan + bytes(4)) == EngineCode.NOT_A_PLAN


def test_another_version(library: CDLL, plan: bytes) -> None:
    assert code_of(library, with_word(plan, 1, PLAN_VERSION + 1)) == EngineCode.OTHER_VERSION


def test_any_changed_bit(library: CDLL, plan: bytes) -> None:
    for at in range(16, len(plan)):
        changed = bytearray(plan)
        changed[at] ^= 1 << at % 8
        assert code_of(library, bytes(changed)) == EngineCode.DAMAGED


def test_checksums_in_python_and_c_agree(library: CDLL, plan: bytes) -> None:
    assert struct.unpack_from("<I", plan, 12)[0] == checksum(plan[16:])
    NativeEngine(library, plan)


def test_every_error_code_has_a_message() -> None:
    assert len(ENGINE_CODE_MEANINGS) == len(EngineCode)


def test_calls_out_of_order(library: CDLL, plan: bytes) -> None:
    engine = NativeEngine(library, plan)
    assert not engine.library.engine_input()
    assert engine.library.engine_run(0, 1)
    assert engine.library.engine_ready()
    engine.load({})
    assert engine.library.engine_run(1, 1), "there is no second thread"
    assert engine.library.engine_run(0, 2)
    assert engine.library.engine_store(0, 0, 1, 1), "there is no stored weight, nor is it the time"
    assert not engine.library.engine_run(0, 1)


def test_gaps_between_pixels(library: CDLL, monkeypatch: pytest.MonkeyPatch) -> None:
    """A residual has none, and pixels do not overlap."""
    nodes = [
        helper.make_node("Conv", ["input", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c", "input"], ["s"]),
        helper.make_node("Concat", ["s", "input"], ["output"], axis=1),
    ]
    model = model_of(nodes, ("batch", 4, 5, 5), {"w": np.ones((4, 4, 3, 3), np.float32)})
    NativeEngine(library, plan_model(model).content)
    monkeypatch.setattr(joined, "_may_leave_gaps", lambda _: True)
    assert code_of(library, plan_model(model).content) == EngineCode.BAD_OP
    model.graph.node.pop(1)
    model.graph.node[1].input[0] = "c"
    NativeEngine(library, plan_model(model).content)

    def overlapping(layouts: Layouts, value: Value) -> tuple[Tensor, int]:
        step = value.shape[1] - 1
        return layouts.joined(layouts.channels[value][0]).part(0, 24 * step + 4), step

    monkeypatch.setattr(Layouts, "put_pixels", overlapping)
    assert code_of(library, plan_model(model).content) == EngineCode.BAD_OP


def test_changed_words_with_the_right_checksum(sanitized: Path) -> None:
    """The plan is refused, or runs within the memory that the engine asked for."""
    outcome = run_sanitized("tests.engine.plans.fuzz", sanitized, 1, 500)
    assert outcome.returncode == 0, outcome.stderr
    constant, stored, *operators = outcome.stdout.splitlines()
    assert "'accepted and run'" in constant
    assert "'accepted and run'" in stored
    assert [line.split()[0] for line in operators] == [operator.name for operator in OPERATORS.values()]
    accepted = [line for line in operators if "'accepted and run'" in line]
    assert len(accepted) > len(operators) / 2, "most have fields that may have other values"
