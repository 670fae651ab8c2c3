"""Meaning of model outputs: their postprocessing, and figures and gate for comparisons."""

from torch2web.tasks.activation import activate, sigmoid, similarity, softmax
from torch2web.tasks.figures import MAX_TIE, decisions, figures
from torch2web.tasks.gate import Gate
from torch2web.tasks.labels import EXPECTED_LABELS, INDEX_TO_NAME, LISTS, NAME_TO_INDEX, labels_of
from torch2web.tasks.task import Meaning, Task, TaskKind

__all__ = [
    "EXPECTED_LABELS",
    "INDEX_TO_NAME",
    "LISTS",
    "MAX_TIE",
    "NAME_TO_INDEX",
    "Gate",
    "Meaning",
    "Task",
    "TaskKind",
    "activate",
    "decisions",
    "figures",
    "labels_of",
    "sigmoid",
    "similarity",
    "softmax",
]
