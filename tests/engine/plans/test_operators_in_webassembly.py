"""Each operator in the WebAssembly modules; the native library is other code for another target."""

import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.engine.in_node import run_script
from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.cases.random_networks import random_network
from tests.engine.plans.running import Floats, model_of, require_close
from tests.engine.plans.special import onnxruntime_of_each, special_numbers, special_samples
from tests.engine.plans.test_special_numbers import maxima_of_nan
from torch2web.plan import plan_model
from web.build.engine import build_engine

NETWORKS = 20


@dataclass(frozen=True)
class WasmCase:
    name: str
    plan: bytes
    inputs: Floats
    expected: Floats


def case_of(name: str, model: onnx.ModelProto, inputs: Floats, expected: Floats | None = None) -> WasmCase:
    """A case; `expected` defaults to onnxruntime's output."""
    if expected is None:
        expected = onnxruntime_of_each(model, inputs)
    return WasmCase(name, plan_model(model).content, inputs, expected)


def operator_case(name: str) -> WasmCase:
    """A case with one sample of ordinary numbers, and, but for Winograd, samples with special ones."""
    nodes, shape, constants, opset = CASES[name]
    common = np.random.default_rng(1).normal(size=(1, *shape)).astype(np.float32)
    model = model_of(nodes, ("batch", *shape), constants, opset)
    if plan_model(model).tiles:  # Winograd's transforms spread infinities and NaN over a tile
        return case_of(name, model, common)
    samples = np.concatenate([common, special_samples(shape, special_numbers(nodes), seed=4)])
    return case_of(name, model, samples)


def network_case(seed: int) -> WasmCase:
    model, shape = random_network(seed)
    x = np.random.default_rng(seed).normal(size=(1, *shape)).astype(np.float32)
    return case_of(f"network {seed}", model, x)


@pytest.fixture(scope="module")
def cases() -> list[WasmCase]:
    maxima = [case_of("maximum of NaN", *case) for case in maxima_of_nan()]
    return [*map(operator_case, CASES), *map(network_case, range(NETWORKS)), *maxima]


@pytest.mark.parametrize("module", ["engine.wasm", "engine-relaxed.wasm"])
def test_are_as_onnxruntime(cases: list[WasmCase], cache: Path, tmp_path: Path, module: str) -> None:
    """All in one process: starting Node takes longer than a hundred of them."""
    (tmp_path / module).write_bytes(build_engine(cache / "web")[module])
    lines = [
        json.dumps({"name": case.name, "plan": encoded(case.plan), "inputs": encoded(case.inputs.tobytes())})
        for case in cases
    ]
    (tmp_path / "cases").write_text("\n".join(lines))
    run_script("run_cases.mjs", *(tmp_path / file for file in (module, "cases", "output")))
    output = np.fromfile(tmp_path / "output", np.float32)
    assert output.size == sum(case.expected.size for case in cases)
    at = 0
    for case in cases:
        found = output[at : at + case.expected.size].reshape(case.expected.shape)
        at += case.expected.size
        for number, (one, expected) in enumerate(zip(found, case.expected, strict=True)):
            require_close(one, expected, f"{case.name}, sample {number}")


def encoded(content: bytes) -> str:
    return b64encode(content).decode()
