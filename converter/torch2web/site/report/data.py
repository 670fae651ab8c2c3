"""report.json: what a report shows and the manifest does not have, such as differences by picture.

Together with the manifest it is all that the writers of a report read, so that `torch2web report` writes the
same report from a built site, with measurements added.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torch2web.catalog import ReferenceImage
from torch2web.errors import OutputError
from torch2web.site.manifest import ModelRecord
from torch2web.site.report.thumbnails import make_thumbnails, pixels_sha256
from torch2web.tasks import Task, activate

DATA = "report.json"
"""Path in the site."""

SCHEMA_VERSION = 1

TOP = 3
"""Answers listed for a picture."""

_DIGITS = 3
"""Significant digits of a difference: a chart shows no more."""


def report_data(models: Sequence[ModelRecord], images: Sequence[ReferenceImage]) -> dict[str, Any]:
    """The contents of report.json, for `models` verified on `images`.

    Pictures of a user's own are not in it: records have none of them.
    """
    shown = [image for image in images if all(image.name in model.reference for model in models)]
    return {
        "schema_version": SCHEMA_VERSION,
        "pictures": {
            "names": [image.name for image in shown],
            "sha256": [pixels_sha256(image.image) for image in shown],
            "thumbnails": make_thumbnails([image.image for image in shown]),
        },
        "models": [_of_model(model, [image.name for image in shown]) for model in models],
    }


def data_json(data: Mapping[str, Any]) -> bytes:
    """The bytes of report.json: the same for the same input."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def read_data(site: Path) -> dict[str, Any]:
    """report.json of a built site; empty where it has none. Raises OutputError for one of another version."""
    path = site / DATA
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_bytes())
    except ValueError as error:
        raise OutputError(path, f"it is not valid JSON: {error}; build the site again") from error
    found = data.get("schema_version") if isinstance(data, dict) else None
    if found != SCHEMA_VERSION:
        problem = f"found schema_version {found!r}, expected {SCHEMA_VERSION}; build the site again"
        raise OutputError(path, problem)
    return dict(data)


def _of_model(model: ModelRecord, names: Sequence[str]) -> dict[str, Any]:
    task = model.spec.task
    expected = _stacked(model.reference, names)
    shipped = [
        (variant.name, variant.weights.size, variant.verification, variant.logits, variant.search)
        for variant in model.variants
    ]
    left_out = [
        (entry["name"], entry["weights"]["size"], entry["verification"], entry["logits"], entry["search"])
        for entry in model.left_out
    ]
    return {
        "name": model.spec.name,
        "python": _answers(task, expected),
        "answers": _answers(task, _stacked(model.default.logits, names)),
        "variants": [
            {
                "name": name,
                "size": size,
                "shipped": number < len(shipped),
                "verification": dict(verification),
                "differences": _differences(expected, _stacked(logits, names)),
                **({"search": list(map(_rounded, search))} if search else {}),
            }
            for number, (name, size, verification, logits, search) in enumerate([*shipped, *left_out])
        ],
    }


def _rounded(point: Mapping[str, float]) -> list[float]:
    """Bytes, and the share used of what the gate allows."""
    return [point["bytes"], float(f"{point['share']:.{_DIGITS}g}")]


def _stacked(by_image: Mapping[str, Sequence[float]], names: Sequence[str]) -> NDArray[np.float64]:
    """[images, outputs]; empty where a record has none."""
    if not all(name in by_image for name in names):
        return np.zeros((0, 0))
    return np.asarray([by_image[name] for name in names], np.float64)


def _differences(expected: NDArray[np.float64], found: NDArray[np.float64]) -> list[float]:
    """Largest absolute difference of an output, by picture."""
    if not found.size:
        return []
    return [float(f"{value:.{_DIGITS}g}") for value in np.abs(found - expected).max(axis=1)]


def _answers(task: Task, outputs: NDArray[np.float64]) -> list[list[list[float]]]:
    """By picture the most probable labels as [index, probability]; the first numbers of a regression."""
    if not outputs.size or task.kind == "embedding":
        return []
    return top_answers(task, activate(task, outputs))


def top_answers(task: Task, values: NDArray[np.float64]) -> list[list[list[float]]]:
    """The answers of `values` [images, values], which are probabilities or numbers: see TOP."""
    order = np.argsort(-values, axis=1, kind="stable") if task.has_labels else _in_order(values)
    return [
        [[int(index), round(float(row[index]), 6)] for index in chosen[:TOP]]
        for row, chosen in zip(values, order, strict=True)
    ]


def _in_order(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.broadcast_to(np.arange(values.shape[1]), values.shape)
