"""The gate: how close a reduced-precision variant has to be to PyTorch, in the figures of its task."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from torch2web.tasks.figures import TIES
from torch2web.tasks.task import Task


@dataclass(frozen=True)
class Gate:
    """Acceptance thresholds of a reduced-precision variant, relative to PyTorch, of which a task has some."""

    top1_agreement: float = 0.99
    """Minimum share of inputs with the same label, 0 to 1; of labels that exclude each other."""
    probabilities_max_abs_diff: float = 0.02
    """Maximum absolute difference of a probability."""
    labels_agreement: float = 0.99
    """Minimum share of the same decisions, each of one label for one image; of independent labels."""
    cosine_min: float = 0.999
    """Minimum cosine similarity of an embedding."""
    accuracy_drop: float | None = None
    """Largest loss of accuracy on labelled pictures, as a share of them; None: any."""
    values_max_rel_diff: float = 0.02
    """Maximum difference of a number of a regression, as a share of its range over the inputs."""

    def as_dict(self, task: Task) -> dict[str, float]:
        """The thresholds that `task` has, as the manifest lists them."""
        names = _names(task)
        return {name: value for name, value in asdict(self).items() if name in names}

    def why_refused(self, task: Task, figures: Mapping[str, float]) -> str:
        """Reason of the refusal; empty if `figures`, those of the task, are within the gate."""
        for name, bound in self.as_dict(task).items():
            describe, least, found = _WORDS[name], name in _MINIMA, self._found(name, figures)
            if not (found >= bound if least else found <= bound):
                return describe(found, bound)
        return ""

    def share_used(self, task: Task, figures: Mapping[str, float]) -> float:
        """The largest of `figures` as a share of what the gate allows: at most 1 is within it.

        Labels count where fewer are the same than the gate demands: a share of few inputs says little else.
        """
        shares = [0.0]
        for name, bound in self.as_dict(task).items():
            found = self._found(name, figures)
            if name.endswith("_agreement"):
                shares.append(0.0 if found >= bound else np.inf)
            elif name in _MINIMA:
                shares.append((1 - found) / max(1 - bound, 1e-9))
            else:
                shares.append(found / max(bound, 1e-9))
        return float(max(shares))

    @staticmethod
    def _found(name: str, figures: Mapping[str, float]) -> float:
        """A label that changed between two as good as equal is a tie, no other label."""
        return figures[name] + figures.get(TIES, 0.0) * name.endswith("_agreement")


_MINIMA = ("top1_agreement", "labels_agreement", "cosine_min")


def _names(task: Task) -> tuple[str, ...]:
    if task.kind == "embedding":
        return ("cosine_min",)
    if task.kind == "regression":
        return ("values_max_rel_diff",)
    return ("top1_agreement" if task.is_exclusive else "labels_agreement", "probabilities_max_abs_diff")


_WORDS: dict[str, Callable[[float, float], str]] = {
    "top1_agreement": lambda found, bound: f"top-1 agreement {found:.2%}, expected at least {bound:.2%}",
    "labels_agreement": lambda found, bound: (
        f"the same labels apply in {found:.2%} of decisions, expected at least {bound:.2%}"
    ),
    "probabilities_max_abs_diff": lambda found, bound: (
        f"max. difference of a probability {found:.3g}, expected at most {bound:g}"
    ),
    "cosine_min": lambda found, bound: f"cosine similarity {found:.6f}, expected at least {bound:g}",
    "values_max_rel_diff": lambda found, bound: (
        f"max. difference of a number {found:.2%} of its range, expected at most {bound:.2%}"
    ),
}
