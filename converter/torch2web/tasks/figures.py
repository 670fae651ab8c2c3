"""Figures by which outputs of two forms of a network are compared, in terms of what its users see."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from torch2web.tasks.activation import activate, similarity
from torch2web.tasks.task import Task

Outputs = NDArray[np.floating]
"""[images, outputs]"""

TIES = "ties"
"""Name of the figure of decisions between two as good as equal."""

MAX_TIE = 0.02
"""Difference of two probabilities above which there is no tie, however much rounding changes."""

_NEGLIGIBLE = 1e-6
"""Probabilities below are as this one."""


def figures(
    task: Task, expected: Outputs, found: Outputs, pictures: Sequence[int] | None = None
) -> Mapping[str, float]:
    """Differences of the outputs `found` from those `expected`, both [images, outputs], by name.

    - classifiers: `probabilities_max_abs_diff`; and where labels exclude each other `top1_agreement`, the
      share of images with the same label, else `labels_agreement`, the share of decisions, each of one label
      for one image, that are the same; and if there are any, `ties`, the share of those that differ between
      labels (or sides of a threshold) that are closer than MAX_TIE, and than rounding usually moves two apart
      (root mean square over all images and labels, of the logarithms of probabilities of labels that exclude
      each other);
    - `embedding`: `cosine_min`, the lowest cosine similarity of an image's vectors;
    - `regression`: `values_max_rel_diff`, the largest difference of a number as a share of its range over
      the images.

    `pictures`: which picture each output is of, several where it was computed at several batch sizes, and -1
    for what is none. Agreement and ties are then shares of pictures (or of their decisions): one is the same
    where it is in all outputs of the picture, and a tie where all that differ are.
    """
    before, after = activate(task, expected), activate(task, found)
    if task.kind == "embedding":
        return {"cosine_min": float(similarity(before, after).min())}
    if task.kind == "regression":
        ranges = np.ptp(before, axis=0)
        largest = np.abs(after - before).max(axis=0)
        shares = np.divide(largest, ranges, out=np.where(largest > 0, np.inf, 0.0), where=ranges > 0)
        return {"values_max_rel_diff": float(min(shares.max(), np.finfo(np.float32).max))}
    difference = {"probabilities_max_abs_diff": float(np.abs(after - before).max())}
    same = decisions(task, before) == decisions(task, after)
    name = "top1_agreement" if task.is_exclusive else "labels_agreement"
    ties = _ties(task, before, after, ~same)
    if pictures is not None:
        numbers = np.asarray(pictures)
        by_picture = [numbers == number for number in range(numbers.max() + 1)]
        ties = np.array([(same | ties)[mine].all(0) & ~same[mine].all(0) for mine in by_picture])
        same = np.array([same[mine].all(0) for mine in by_picture])
    return difference | {name: float(same.mean())} | ({TIES: float(ties.mean())} if ties.any() else {})


def _ties(
    task: Task, before: NDArray[np.float64], after: NDArray[np.float64], other: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the decisions that are `other` ones are between two as good as equal."""
    change = np.sqrt(2 * np.square(_on_scale(task, after) - _on_scale(task, before)).mean())
    near = _margins(task, before, after) <= MAX_TIE
    return np.asarray(other & near & (_margins(task, _on_scale(task, before), after) <= change))


def _margins(task: Task, values: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far `values` are from what was decided `after`, by decision."""
    if task.meaning == "softmax":
        chosen = np.take_along_axis(values, after.argmax(axis=1)[:, np.newaxis], 1)[:, 0]
        return np.asarray(values.max(axis=1) - chosen)
    margins = np.abs((values[:, 1] if task.meaning == "binary" else values) - np.asarray(task.thresholds))
    return np.asarray(margins)


def _on_scale(task: Task, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where changes of the likely and the unlikely compare: of labels that exclude each other, logarithms."""
    return np.log(probabilities.clip(min=_NEGLIGIBLE)) if task.meaning == "softmax" else probabilities


def decisions(task: Task, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """What a classifier decides: the index of the label, [images]; of independent labels 1 or 0 for each."""
    if task.meaning == "softmax":
        return np.asarray(probabilities.argmax(axis=1), np.int64)
    values = probabilities[:, 1] if task.meaning == "binary" else probabilities
    return np.asarray(values >= np.asarray(task.thresholds), np.int64)
