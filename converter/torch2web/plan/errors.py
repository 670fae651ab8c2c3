"""Why a graph has no plan."""

from torch2web.errors import Torch2WebError


class PlanError(Torch2WebError):
    """`label` names the node, `operator` its kind: the model is then built without the compiled backend."""

    def __init__(self, label: str, operator: str, problem: str) -> None:
        self.label, self.operator, self.problem = label, operator, problem
        super().__init__(f"{operator} {label}: {problem}")
