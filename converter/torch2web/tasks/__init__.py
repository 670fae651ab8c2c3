"""Meaning of model outputs: their postprocessing, and figures and gate for comparisons."""

from torch2web.tasks.activation import activate, sigmoid, similarity, softmax
from torch2web.tasks.figures import decisions, figures
from torch2web.tasks.gate import Gate
from torch2web.tasks.task import Meaning, Task, TaskKind

__all__ = [
    "Gate",
    "Meaning",
    "Task",
    "TaskKind",
    "activate",
    "decisions",
    "figures",
    "sigmoid",
    "similarity",
    "softmax",
]
