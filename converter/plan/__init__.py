"""Plans for the compiled backend: ONNX graph → fused operators → memory plan → bytes for `web/engine/`."""

from converter.plan.errors import PlanError
from converter.plan.planning import Plan, plan_model

__all__ = ["Plan", "PlanError", "plan_model"]
