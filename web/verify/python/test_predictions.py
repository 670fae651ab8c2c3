"""The loader's logits are Python's, and the rest of an answer follows from them."""

import math

from .answers import answer
from .facts import FACTS


def test_logits_are_pythons(model: str, picture: str) -> None:
    """PyTorch's, and onnxruntime's where the weights are rounded, within the build's own tolerance."""
    prediction = answer("prediction", model, picture)
    expected = FACTS["logits"][model][picture]
    differences = [abs(one - other) for one, other in zip(prediction["logits"], expected, strict=True)]
    assert max(differences) <= FACTS["tolerance"][model][picture]
    assert not math.isnan(sum(differences))


def test_label_is_pythons(model: str, picture: str) -> None:
    prediction = answer("prediction", model, picture)
    logits = FACTS["logits"][model][picture]
    labels = answer("loaded", model)["info"]["labels"]
    # By place: two classes may have the same label.
    found = prediction["logits"].index(max(prediction["logits"]))
    assert prediction["label"] == labels[found]
    assert max(logits) - logits[found] <= 2 * FACTS["tolerance"][model][picture]


def test_probabilities_are_as_close_to_pytorchs_as_promised(model: str, picture: str) -> None:
    """Whatever rounding the weights costs stays within the gate that let this variant pass."""
    found, expected = answer("prediction", model, picture)["probabilities"], FACTS["pytorch"][model][picture]
    exponentials = [math.exp(logit - max(expected)) for logit in expected]
    differences = [
        abs(one - other / sum(exponentials)) for one, other in zip(found, exponentials, strict=True)
    ]
    assert max(differences) <= FACTS["gate"][model]["probabilities_max_abs_diff"]


def test_probabilities_are_the_softmax(model: str, picture: str) -> None:
    prediction = answer("prediction", model, picture)
    highest = max(prediction["logits"])
    exponentials = [math.exp(logit - highest) for logit in prediction["logits"]]
    for found, exponential in zip(prediction["probabilities"], exponentials, strict=True):
        assert math.isclose(found, exponential / sum(exponentials), rel_tol=1e-14)
    assert math.isclose(sum(prediction["probabilities"]), 1, abs_tol=1e-12)
    assert prediction["confidence"] == max(prediction["probabilities"])


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
