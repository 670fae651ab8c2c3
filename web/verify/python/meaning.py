"""What outputs mean, by the manifest's task, with nothing but Python's standard library.

Written from the definitions of the activations and not from `torch2web/tasks`, so that it can judge both.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

Task = Mapping[str, Any]
Numbers = Sequence[float]


def meaning_of(task: Task) -> str:
    """`softmax`, `sigmoid` or `binary` of a classifier, else `embedding` or `regression`."""
    meaning: str = task.get("of", task["kind"])
    return meaning


def is_classifier(task: Task) -> bool:
    return task["kind"] not in ("embedding", "regression")


def scores_of(task: Task, outputs: Numbers) -> list[float]:
    """Probabilities of a classifier's labels; the outputs as they are of other models."""
    match task["kind"], task.get("of"):
        case "softmax", _:
            highest = max(outputs)
            exponentials = [math.exp(output - highest) for output in outputs]
            return [exponential / sum(exponentials) for exponential in exponentials]
        case "sigmoid", _:
            return [_logistic(output) for output in outputs]
        case "binary", _:
            return [_logistic(-outputs[0]), _logistic(outputs[0])]
        case "probabilities", "binary":
            return [1 - outputs[0], outputs[0]]
    return list(outputs)


def answered(task: Task, scores: Numbers) -> int:
    """Index of the label that is answered."""
    if meaning_of(task) == "binary":
        return int(scores[1] >= task["thresholds"][0])
    return list(scores).index(max(scores))


def difference(task: Task, expected: Numbers, found: Numbers) -> dict[str, float]:
    """Figures that one picture can be held to the gate by."""
    if is_classifier(task):
        largest = max(abs(one - other) for one, other in zip(expected, found, strict=True))
        return {"probabilities_max_abs_diff": largest}
    if task["kind"] == "embedding":
        lengths = math.hypot(*expected) * math.hypot(*found)
        product = math.fsum(one * other for one, other in zip(expected, found, strict=True))
        return {"cosine_min": product / lengths}
    return {}  # the range of a regression's numbers is that of all pictures


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))
