"""Postprocessing of each task: from a network's outputs to what a user sees.

Depends on NumPy only, like `preprocess`.
All functions compute in float64. TypeScript twin: `web/loader/tasks`.
"""

import numpy as np
from numpy.typing import NDArray

from torch2web.tasks.task import Task


def activate(task: Task, outputs: NDArray[np.floating]) -> NDArray[np.float64]:
    """The scores of `outputs`, [batch, outputs], float64.

    Of classifiers, probabilities [batch, labels]: one for each label, for `binary` too. Of an embedding or a
    regression, the outputs as they are.
    """
    values = outputs.astype(np.float64)
    if task.kind == "softmax":
        return softmax(values)
    if task.kind == "sigmoid":
        return sigmoid(values)
    if task.kind == "binary":
        # Not 1 - p, which would round small probabilities of the first label to 0.
        return np.concatenate([sigmoid(-values), sigmoid(values)], axis=-1)
    if task.kind == "probabilities" and task.of == "binary":
        return np.concatenate([1 - values, values], axis=-1)
    return values


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Softmax over the last axis, computed in float64 so that each row sums to 1 within 1e-15."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    probabilities: NDArray[np.float64] = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """The logistic function of each value, in float64, without overflow."""
    values = logits.astype(np.float64)
    exponentials = np.exp(-np.abs(values))  # at most 1
    probabilities: NDArray[np.float64] = np.where(values >= 0, 1.0, exponentials) / (1 + exponentials)
    return probabilities


def similarity(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosine of the angle between vectors along the last axis, -1 to 1; 0 where one has no length."""
    one, other = a.astype(np.float64), b.astype(np.float64)
    lengths = np.sqrt((one * one).sum(axis=-1) * (other * other).sum(axis=-1))
    products = (one * other).sum(axis=-1)
    cosines: NDArray[np.float64] = np.divide(
        products, lengths, out=np.zeros_like(products), where=lengths > 0
    ).clip(-1, 1)
    return cosines
