"""Figures by which outputs of two forms of a network are compared, in terms of what its users see."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from torch2web.tasks.activation import activate, similarity
from torch2web.tasks.task import Task

Outputs = NDArray[np.floating]
"""[images, outputs]"""


def figures(task: Task, expected: Outputs, found: Outputs) -> Mapping[str, float]:
    """Differences of the outputs `found` from those `expected`, both [images, outputs], by name.

    - classifiers: `probabilities_max_abs_diff`; and where labels exclude each other `top1_agreement`, the
      share of images with the same label, else `labels_agreement`, the share of decisions, each of one label
      for one image, that are the same;
    - `embedding`: `cosine_min`, the lowest cosine similarity of an image's vectors;
    - `regression`: `values_max_rel_diff`, the largest difference of a number as a share of its range over
      the images.
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
    return difference | {"top1_agreement" if task.is_exclusive else "labels_agreement": float(same.mean())}


def decisions(task: Task, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """What a classifier decides: the index of the label, [images]; of independent labels 1 or 0 for each."""
    if task.meaning == "softmax":
        return np.asarray(probabilities.argmax(axis=1), np.int64)
    values = probabilities[:, 1] if task.meaning == "binary" else probabilities
    return np.asarray(values >= np.asarray(task.thresholds), np.int64)
