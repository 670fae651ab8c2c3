"""Compiles an ONNX graph to a plan for the compiled backend, and verifies the plan with the engine."""

from torch2web.plan.engine_driver import EngineError
from torch2web.plan.errors import PlanError
from torch2web.plan.judge import Judgement, judge_plan, run_plan, why_refused
from torch2web.plan.only_backend import exact_variant
from torch2web.plan.planning import Plan, plan_model, plan_more_exactly
from torch2web.plan.wasm_engine import WasmEngine

__all__ = [
    "EngineError",
    "Judgement",
    "Plan",
    "PlanError",
    "WasmEngine",
    "exact_variant",
    "judge_plan",
    "plan_model",
    "plan_more_exactly",
    "run_plan",
    "why_refused",
]
