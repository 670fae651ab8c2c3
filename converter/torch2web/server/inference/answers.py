"""What outputs mean, as the loader says it. TypeScript twin: `web/loader/tasks`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from torch2web.errors import ServerError
from torch2web.server.inference.site_models import ServedModel
from torch2web.tasks import activate

TOP = 5
"""Labels in `top`, at most."""


def answer_of(model: ServedModel, outputs: NDArray[np.float32]) -> dict[str, Any]:
    """The answer to one picture from its `outputs`, [outputs]. Raises ServerError for NaN and infinity."""
    if not np.isfinite(outputs).all():
        raise ServerError(f"{model.name}: found outputs that are no finite numbers")
    task, labels = model.task, model.labels
    scores = activate(task, outputs[np.newaxis])[0]
    logits = {"logits": [float(value) for value in outputs]}
    if task.kind == "embedding":
        return {"embedding": scores.tolist(), **logits}
    if task.kind == "regression":
        units = task.units or ("",) * len(labels)
        values = zip(labels, scores.tolist(), units, strict=True)
        return {
            "values": [{"name": name, "value": value, "unit": unit} for name, value, unit in values],
            **logits,
        }
    # Before rounding, where there is an output for each label; equal ones stay in order.
    order = outputs if len(outputs) == len(labels) else scores
    ranked = np.argsort(-order.astype(np.float64), kind="stable").tolist()
    best = ranked[0]
    if task.meaning == "binary":
        best = int(scores[1] >= task.thresholds[0])

    def entry(index: int) -> dict[str, Any]:
        return {"label": labels[index], "index": index, "probability": float(scores[index])}

    answer: dict[str, Any] = {
        "label": labels[best],
        "index": best,
        "confidence": float(scores[best]),
        "probabilities": scores.tolist(),
        "top": [entry(index) for index in ranked[:TOP]],
    }
    if task.meaning == "sigmoid":
        answer["labels"] = [entry(index) for index in ranked if scores[index] >= task.thresholds[index]]
    return {**answer, **logits}
