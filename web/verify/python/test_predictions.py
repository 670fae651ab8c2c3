"""The loader's logits are Python's, and the rest of an answer follows from them."""

import math

from .answers import answer
from .facts import FACTS
from .meaning import answered, difference, is_classifier, meaning_of, scores_of


def test_logits_are_pythons(model: str, picture: str) -> None:
    """PyTorch's, and onnxruntime's where the weights are rounded, within the build's own tolerance."""
    prediction = answer("prediction", model, picture)
    expected = FACTS["logits"][model][picture]
    differences = [abs(one - other) for one, other in zip(prediction["logits"], expected, strict=True)]
    assert max(differences) <= FACTS["tolerance"][model][picture]
    assert not math.isnan(sum(differences))


def test_label_is_pythons(model: str, picture: str) -> None:
    """The label, the labels that apply, the named numbers or the vector follow from the logits."""
    prediction, task = answer("prediction", model, picture), FACTS["task"][model]
    labels = answer("loaded", model)["info"]["labels"]
    if task["kind"] == "embedding":
        assert prediction["embedding"] == prediction["logits"]
        return
    if task["kind"] == "regression":
        units = task.get("units", [""] * len(labels))
        found = [(value["name"], value["value"], value["unit"]) for value in prediction["values"]]
        assert found == list(zip(labels, prediction["logits"], units, strict=True))
        return
    scores = scores_of(task, FACTS["logits"][model][picture])
    # By place: two classes may have the same label.
    best = answered(task, prediction["probabilities"])
    assert prediction["label"] == labels[best]
    assert prediction["confidence"] == prediction["probabilities"][best]
    slack = FACTS["tolerance"][model][picture]  # no probability differs by more than a logit does
    if meaning_of(task) == "binary":
        assert best == answered(task, scores) or abs(scores[1] - task["thresholds"][0]) <= slack
        return
    assert max(scores) - scores[best] <= 2 * slack
    if meaning_of(task) == "sigmoid":
        applying = {
            place
            for place, share in enumerate(prediction["probabilities"])
            if share >= task["thresholds"][place]
        }
        assert {entry["index"] for entry in prediction["labels"]} == applying


def test_probabilities_are_as_close_to_pytorchs_as_promised(model: str, picture: str) -> None:
    """Whatever rounding the weights costs stays within the gate that let this variant pass."""
    task, gate = FACTS["task"][model], FACTS["gate"][model]
    expected = scores_of(task, FACTS["pytorch"][model][picture])
    figures = difference(task, expected, scores_of(task, answer("prediction", model, picture)["logits"]))
    for name, found in figures.items():
        assert found >= gate[name] if name == "cosine_min" else found <= gate[name]


def test_probabilities_are_the_softmax(model: str, picture: str) -> None:
    """Softmax, or what else the task says."""
    prediction, task = answer("prediction", model, picture), FACTS["task"][model]
    if not is_classifier(task):
        assert "probabilities" not in prediction
        return
    expected = scores_of(task, prediction["logits"])
    for found, share in zip(prediction["probabilities"], expected, strict=True):
        assert math.isclose(found, share, rel_tol=1e-14)
    if task["kind"] == "softmax":
        assert math.isclose(sum(prediction["probabilities"]), 1, abs_tol=1e-12)


def test_exactness_is_claimed(model: str, picture: str) -> None:
    """These pictures are PNG, which every engine has a way to read exactly; the tensors prove the claim."""
    prediction = answer("prediction", model, picture)
    assert (prediction["exact"], prediction["inexact"]) == (True, "")


def test_run_takes_pythons_tensor(model: str, picture: str) -> None:
    """A tensor made in Python goes over the bridge and gives the logits of the picture itself."""
    assert answer("run", model, picture) == answer("prediction", model, picture)["logits"]


def test_self_check_is_within_its_tolerance(model: str) -> None:
    """The self-check that let the model answer was within the manifest's tolerance."""
    check = answer("loaded", model)["backend"]["selfCheck"]
    tolerance = FACTS["golden_tolerance"][model]
    expected = max(tolerance) if isinstance(tolerance, list) else tolerance
    assert check["maxAbsDiff"] <= check["tolerance"] == expected
