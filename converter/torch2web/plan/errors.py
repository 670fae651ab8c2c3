"""PlanError: the compiled backend does not support a graph."""

from torch2web.errors import Torch2WebError


class PlanError(Torch2WebError):
    """`label`: name of the node; `operator`: its type. The model is built without the compiled backend."""

    def __init__(self, label: str, operator: str, problem: str) -> None:
        self.label, self.operator, self.problem = label, operator, problem
        super().__init__(f"{operator} {label}: {problem}")
