"""The plan of a model for the compiled backend: made from its ONNX graph, judged with the engine."""

from torch2web.plan.engine import EngineError, NativeEngine
from torch2web.plan.errors import PlanError
from torch2web.plan.judge import why_refused
from torch2web.plan.planning import Plan, plan_model

__all__ = ["EngineError", "NativeEngine", "Plan", "PlanError", "plan_model", "why_refused"]
