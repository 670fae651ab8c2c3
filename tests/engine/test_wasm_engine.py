"""The engine in wasmtime: right results from the shipped modules, and clear errors for faulty modules."""

import numpy as np
import pytest
import wasmtime
from onnx import helper

from tests.engine.plans.cases.operators import CASES
from tests.engine.plans.running import model_of, onnxruntime_run, require_close
from torch2web.assets import ENGINE_EXPORTS, load_assets
from torch2web.errors import ToolError
from torch2web.plan import EngineError, WasmEngine, plan_model

BUILDS = ("relaxed", "plain")
FEW = list(CASES)[::12]


def module(build: str) -> bytes:
    assets = load_assets()
    (path,) = assets.below(f"engine/{build}/")
    return assets.read(path)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", FEW)
def test_operators_are_as_onnxruntimes(build: str, name: str) -> None:
    nodes, shape, constants, opset = CASES[name]
    model = model_of(nodes, ("batch", *shape), constants, opset)
    x = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)
    plan = plan_model(model)
    engine = WasmEngine(module(build), plan.content)
    engine.load({})
    found = np.stack([engine.run(one) for one in x]).reshape(2, *plan.output_shape[1:])
    require_close(found, onnxruntime_run(model, x).reshape(found.shape), name)


def relu() -> bytes:
    """A plan with one operator."""
    return plan_model(
        model_of([helper.make_node("Relu", ["input"], ["output"])], ("batch", 3, 4, 4), {})
    ).content


def test_damaged_plan_is_refused() -> None:
    with pytest.raises(EngineError, match="engine_check found no plan"):
        WasmEngine(module("plain"), relu()[:-4])


def test_input_of_another_length_is_refused() -> None:
    engine = WasmEngine(module("plain"), relu())
    engine.load({})
    with pytest.raises(EngineError, match="engine_input_length"):
        engine.run(np.zeros(7, np.float32))


@pytest.mark.parametrize("content", [b"", b"<!doctype html>", module("plain")[:5000]])
def test_bytes_that_are_no_module(content: bytes) -> None:
    with pytest.raises(ToolError, match="wasmtime: the engine cannot be compiled"):
        WasmEngine(content, relu())


def test_module_that_imports_something_else() -> None:
    other = bytes(wasmtime.wat2wasm('(module (import "env" "other" (func)))'))
    with pytest.raises(ToolError, match="wasmtime: the engine cannot be instantiated"):
        WasmEngine(other, relu())


def fake(base: str) -> bytes:
    """A module with all exports: `engine_base` has this body, the others return 0."""
    others = "".join(
        f'(func (export "{name}") (param i32 i32 i32 i32) (result i32) (i32.const 0))'
        for name in ENGINE_EXPORTS
        if name != "engine_base"
    )
    memory = '(import "env" "memory" (memory 1))'
    return bytes(wasmtime.wat2wasm(f'(module {memory} (func (export "engine_base") {base}) {others})'))


def test_module_without_the_engines_exports() -> None:
    other = bytes(wasmtime.wat2wasm('(module (import "env" "memory" (memory 1)))'))
    with pytest.raises(ToolError, match="found a module without engine_base, engine_check"):
        WasmEngine(other, relu())


def test_trap_is_a_clear_error() -> None:
    with pytest.raises(EngineError, match="engine_base trapped"):
        WasmEngine(fake("(result i32) unreachable"), relu())


def test_export_that_returns_nothing_is_an_error() -> None:
    with pytest.raises(EngineError, match="engine_base returned None, expected a number"):
        WasmEngine(fake(""), relu())


def test_address_outside_the_memory_is_an_error() -> None:
    with pytest.raises(EngineError, match="memory"):
        WasmEngine(fake("(result i32) (i32.const -8)"), relu())
