"""Tasks: postprocessing, figures and gate of each, and invalid combinations."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from torch2web.catalog import load_catalog
from torch2web.errors import CatalogError
from torch2web.tasks import Gate, Task, activate, decisions, figures, sigmoid, similarity


def outputs(*rows: list[float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32)


def test_sigmoid_is_exact_at_both_ends() -> None:
    found = sigmoid(outputs([-800, -40, 0, 40, 800]))[0]
    assert found.dtype == np.float64
    assert (found[0], found[2], found[4]) == (0, 0.5, 1)
    assert found[1] == pytest.approx(math.exp(-40), rel=1e-15)


def test_binary_gives_both_labels() -> None:
    low, high = activate(Task("binary", (0.5,)), outputs([-50], [50]))
    assert (low[1], high[0]) == (pytest.approx(math.exp(-50)), pytest.approx(math.exp(-50)))
    assert low.sum() == high.sum() == 1
    np.testing.assert_array_equal(
        activate(Task("probabilities", (0.5,), of="binary"), outputs([0.25])), [[0.75, 0.25]]
    )


@pytest.mark.parametrize("task", [Task("embedding"), Task("regression"), Task("probabilities", of="softmax")])
def test_others_stay_as_they_are(task: Task) -> None:
    values = outputs([0.1, 0.9])
    np.testing.assert_array_equal(activate(task, values), values.astype(np.float64))


def test_softmax_of_logarithms_is_the_probabilities() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1]])
    np.testing.assert_allclose(activate(Task(), np.log(probabilities)), probabilities, rtol=1e-15)


def test_similarity() -> None:
    assert similarity(outputs([1, 2]), outputs([-2, -4])) == -1
    assert similarity(outputs([1, 0]), outputs([0, 3])) == 0
    assert similarity(outputs([0, 0]), outputs([1, 1])) == 0


def test_decisions_follow_the_thresholds() -> None:
    assert decisions(Task("binary", (0.3,)), np.array([[0.65, 0.35], [0.75, 0.25]])).tolist() == [1, 0]
    independent = decisions(Task("sigmoid", (0.3, 0.9)), np.array([[0.35, 0.85]]))
    assert independent.tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("task", "expected", "found", "figure", "value"),
    [
        (Task(), [[0, 9], [9, 0]], [[0, 9], [0, 9]], "top1_agreement", 0.5),
        (Task("sigmoid", (0.5, 0.5)), [[9, -9]], [[9, 9]], "labels_agreement", 0.5),
        (Task("binary", (0.5,)), [[1], [-1]], [[1], [1]], "top1_agreement", 0.5),
        (Task("embedding"), [[1, 0], [0, 1]], [[2, 0], [1, 1]], "cosine_min", math.sqrt(0.5)),
        (Task("regression"), [[0, 100], [10, 300]], [[1, 100], [10, 310]], "values_max_rel_diff", 0.1),
    ],
    ids=lambda value: value.kind if isinstance(value, Task) else "",
)
def test_figures_and_gate(
    task: Task, expected: list[list[float]], found: list[list[float]], figure: str, value: float
) -> None:
    measured = figures(task, outputs(*expected), outputs(*found))
    assert measured[figure] == pytest.approx(value)
    same = figures(task, outputs(*expected), outputs(*expected))
    assert Gate().why_refused(task, same) == ""
    assert set(Gate().as_dict(task)) == set(measured)
    reason = Gate().why_refused(task, measured)
    assert "expected at" in reason
    lenient = Gate(0, 1, 0, -1, values_max_rel_diff=1)
    assert lenient.why_refused(task, measured) == ""


def test_a_number_that_never_changes_must_not_change() -> None:
    constant = outputs([5.0], [5.0])
    assert figures(Task("regression"), constant, constant) == {"values_max_rel_diff": 0}
    assert figures(Task("regression"), constant, constant + 1)["values_max_rel_diff"] > 1e30


ENTRY = """
[[models]]
name = "m"
checkpoint = "m.pth"
preprocessing = {{ resize = [8, 8], filter = "bilinear", mean = [0, 0, 0], std = [1, 1, 1] }}
architecture = "mobilenet_v2"
{lines}
"""


@pytest.mark.parametrize(
    ("lines", "key", "problem"),
    [
        ('labels = ["a"]', "task", "found 1 label for task softmax, expected at least 2; for one label that"),
        ('labels = ["a"]\ntask = "binary"', "task", "found 1 label for task binary, expected 2, the second"),
        ('labels = ["a", "b", "c"]\ntask = "binary"', "task", "found 3 labels for task binary, expected 2"),
        ('labels = ["a"]\ntask = "embedding"', "task", "found 1 labels, expected none"),
        ('task = "regression"', "labels", "is missing"),
        (
            'labels = ["a", "b"]\ntask = { kind = "softmax", thresholds = 0.4 }',
            "task",
            "found thresholds, which belong to sigmoid and binary, not to softmax",
        ),
        (
            'labels = ["a", "b"]\ntask = { kind = "sigmoid", thresholds = [0.1, 0.2, 0.3] }',
            "task",
            "found 3 thresholds, expected 2, or a number for all labels",
        ),
        (
            'labels = ["a", "b"]\ntask = { kind = "regression", units = ["cm"] }',
            "task",
            "found 1 units, expected none or 2",
        ),
        ('labels = ["a", "b"]\ntask = { kind = "sigmoid", of = "softmax" }', "task", "which belongs to prob"),
        ('labels = ["a", "b"]\ntask = "detection"', "task", 'found "detection", expected one of "softmax"'),
        ('labels = ["a", "b"]\ntask = { kind = "sigmoid", thresholds = 2 }', "task.thresholds", "found 2"),
        ('labels = ["a", "b"]\ntask = { thresholds = 0.2 }', "task.kind", "is missing"),
    ],
)
def test_combinations_that_do_not_fit(tmp_path: Path, lines: str, key: str, problem: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(ENTRY.format(lines=lines))
    with pytest.raises(CatalogError) as caught:
        load_catalog(path)
    assert caught.value.key == f"models[0].{key}"
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("lines", "task", "outputs"),
    [
        ('labels = ["a", "b"]', {"kind": "softmax"}, 2),
        ('labels = ["a"]\ntask = "sigmoid"', {"kind": "sigmoid", "thresholds": [0.5]}, 1),
        (
            'labels = ["a", "b"]\ntask = { kind = "sigmoid", thresholds = 0.2 }',
            {"kind": "sigmoid", "thresholds": [0.2, 0.2]},
            2,
        ),
        ('labels = ["a", "b"]\ntask = "binary"', {"kind": "binary", "thresholds": [0.5]}, 1),
        ('task = "embedding"', {"kind": "embedding"}, None),
        (
            'labels = ["age"]\ntask = { kind = "regression", units = ["years"] }',
            {"kind": "regression", "units": ["years"]},
            1,
        ),
    ],
)
def test_tasks_of_a_catalogue(tmp_path: Path, lines: str, task: dict[str, Any], outputs: int | None) -> None:
    path = tmp_path / "models.toml"
    path.write_text(ENTRY.format(lines=lines))
    (spec,) = load_catalog(path)
    assert spec.task.as_dict() == task
    assert spec.outputs == outputs
    assert Task.from_value(spec.task.as_dict()) == spec.task


def test_an_embedding_ignores_the_labels_of_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text('[defaults]\nlabels = ["a", "b"]\n' + ENTRY.format(lines='task = "embedding"'))
    (spec,) = load_catalog(path)
    assert spec.labels == ()


def test_agreement_of_pictures_counts_each_once() -> None:
    """Of three pictures at two batch sizes, and a golden input, whose label is other too: 1 of 3 is a tie."""
    expected = outputs([0, 0.001], [0, 9], [9, 0], [0, 0.001], [0, 9], [9, 0], [9, 0])
    found = outputs([0.001, 0], [0, 9], [9.2, 0], [0, 0.001], [0, 9], [9.2, 0], [0, 9])
    counted = figures(Task(), expected, found, [0, 1, 2, 0, 1, 2, -1])
    assert counted["top1_agreement"] == pytest.approx(2 / 3)
    assert counted["ties"] == pytest.approx(1 / 3)
    assert figures(Task(), expected, found)["top1_agreement"] == pytest.approx(5 / 7)
    labels = figures(Task("sigmoid", (0.5, 0.5)), expected, found, [0, 1, 2, 0, 1, 2, -1])
    assert round(6 * labels["labels_agreement"]) == pytest.approx(6 * labels["labels_agreement"])
