"""A model's answer to a picture, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch2web.tasks import Task


@dataclass(frozen=True)
class Answer:
    """What a visitor would read first, and the rest."""

    key: str
    """Equal for answers that say the same: the label of a classifier, or the labels that apply."""
    label: str
    value: str
    """Such as `98.3 %`; of a regression with its unit."""
    others: tuple[str, ...]
    """The next ones, label and value."""


def answers_of(task: Task, labels: Sequence[str], values: Sequence[Sequence[float]]) -> Answer:
    """The answer in `values`, pairs of index and value as report.json has them."""
    if task.kind == "regression":
        units = task.units or ("",) * len(labels)
        written = [
            (labels[int(index)], f"{value:.4g} {units[int(index)]}".rstrip()) for index, value in values
        ]
        return Answer("", *written[0], tuple(f"{label} {value}" for label, value in written[1:]))
    written = [(labels[int(index)], f"{100 * value:.1f} %") for index, value in values]
    return Answer(_key(task, values), *written[0], tuple(f"{label} {value}" for label, value in written[1:]))


def _key(task: Task, values: Sequence[Sequence[float]]) -> str:
    if task.meaning == "softmax":
        return str(int(values[0][0]))
    if task.meaning == "binary":
        second = next(value for index, value in values if int(index) == 1)
        return str(second >= task.thresholds[0])
    applying = [int(index) for index, value in values if value >= task.thresholds[int(index)]]
    return ",".join(map(str, sorted(applying)))
