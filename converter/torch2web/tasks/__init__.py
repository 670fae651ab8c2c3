"""Meaning of model outputs, and their postprocessing."""

from torch2web.tasks.classification import softmax
from torch2web.tasks.task import Task, TaskKind

__all__ = [
    "Task",
    "TaskKind",
    "softmax",
]
