"""Values taken from a file, values to ask for, and contradictions."""

from typing import Any

import pytest

from torch2web.errors import OptionError
from torch2web.inspection import FileFacts, LikelyNetwork, Proposal, complete
from torch2web.inspection.wording import likely_text

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
RESIZE = [{"op": "resize", "size": [32, 32], "filter": "bilinear"}]
GIVEN: dict[str, Any] = {
    "name": "m",
    "factory": "nets:build",
    "labels": ["cat", "dog"],
    "preprocessing": {"steps": RESIZE, **IMAGENET},
}
CHECKPOINT = FileFacts("PyTorch checkpoint", outputs=2, outputs_reason="fc.weight has 2 rows", channels=3)


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in GIVEN.items() if key not in keys}


def asked(proposal: Proposal) -> dict[str, str]:
    return {item.option: item.likely for item in proposal.missing}


def test_everything_is_given() -> None:
    proposal = complete(GIVEN, CHECKPOINT)
    assert proposal.entry == {**GIVEN, "task": "softmax"}
    assert proposal.missing == ()
    assert [(taken.what, taken.value) for taken in proposal.taken] == [("task", "softmax")]


def test_nothing_is_given() -> None:
    proposal = complete({"name": "m"}, CHECKPOINT)
    assert asked(proposal) == {
        "--factory": "my_package.nets:build",
        "--labels": "A,B",
        "--resize": "224x224",
        "--mean": "0.485,0.456,0.406",
        "--std": "0.229,0.224,0.225",
    }
    assert [item.option for item in proposal.missing if not item.known] == ["--factory", "--labels"]


def test_labels_of_the_file() -> None:
    facts = FileFacts("", outputs=2, labels=("no", "yes"), labels_origin="class_to_idx")
    proposal = complete(without("labels"), facts)
    assert proposal.entry["labels"] == ["no", "yes"]
    assert proposal.taken[0].origin == "class_to_idx"
    assert complete(GIVEN, facts).entry["labels"] == ["cat", "dog"], "options overrule the file"


def test_folders_of_pictures_are_likely_labels() -> None:
    """One for each output, in the order in which ImageFolder numbers them."""
    (asked_for,) = complete(without("labels"), CHECKPOINT, folders=["dog", "Cat"]).missing
    assert (asked_for.likely, asked_for.known) == ("Cat,dog", True)
    for folders in (["dog"], ["dog", "cat", "cow"], ["dog", "a,b"]):
        assert asked(complete(without("labels"), CHECKPOINT, folders=folders)) == {"--labels": "A,B"}


def test_the_likely_network_is_asked_and_a_named_one_taken() -> None:
    likely = LikelyNetwork("--timm", "resnet18", "all 122 names and shapes fit", certain=False)
    proposal = complete(without("factory"), FileFacts("", networks=(likely,)))
    assert asked(proposal) == {"--timm": "resnet18"}
    named = LikelyNetwork("--timm", "resnet18", "the file names it", certain=True)
    proposal = complete(without("factory"), FileFacts("", networks=(named, likely)))
    assert asked(proposal) == {}
    assert proposal.entry["timm"] == "resnet18"


def test_a_file_with_its_network_is_asked_for_none() -> None:
    proposal = complete(without("factory"), FileFacts("ONNX", holds_network=True, size=(32, 32)))
    assert proposal.missing == ()
    with pytest.raises(OptionError, match="--factory: the file holds its network itself"):
        complete(GIVEN, FileFacts("ONNX", holds_network=True))


def test_the_input_size_of_the_file_is_the_likely_one() -> None:
    proposal = complete(without("preprocessing"), FileFacts("ONNX", size=(48, 64)))
    assert asked(proposal)["--resize"] == "48x64"


def test_the_input_size_of_the_file_is_kept() -> None:
    with pytest.raises(OptionError, match="they give 32x32, but the network's input is 48x64"):
        complete(without("factory"), FileFacts("ONNX", holds_network=True, size=(48, 64)))


def test_preprocessing_of_a_file_beside() -> None:
    beside = {"steps": RESIZE, "mean": [0.5] * 3, "std": [1.0] * 3, "color": "bgr"}
    facts = FileFacts("", preprocessing=beside, preprocessing_origin="preprocessor_config.json beside it")
    proposal = complete({**GIVEN, "preprocessing": {"std": [2.0] * 3}}, facts)
    assert proposal.missing == ()
    assert proposal.entry["preprocessing"] == {**beside, "std": [2.0] * 3}, "options overrule the file"
    assert [taken.origin for taken in proposal.taken if taken.what == "preprocessing"] == [
        facts.preprocessing_origin
    ]


def test_likely_values_are_not_rounded() -> None:
    assert likely_text("mean", [0.4914008, 1, 0.1234567890123]) == "0.4914008,1,0.1234567890123"


def test_grey() -> None:
    proposal = complete(without("preprocessing"), FileFacts("", channels=1))
    assert proposal.entry["preprocessing"]["color"] == "grey"
    assert asked(proposal)["--mean"] == "0.5"


def test_another_output_is_advised_where_there_is_one() -> None:
    labels = {**GIVEN, "labels": ["a", "b", "c"]}
    for several, advice in ((False, ""), (True, "\n--output-name names another of its outputs.")):
        with pytest.raises(OptionError) as raised:
            complete(labels, FileFacts("", outputs=2, outputs_reason="fc", several_outputs=several))
        assert str(raised.value) == f"--labels: found 3 (a, b, c), expected 2: fc{advice}"


def test_tasks() -> None:
    one = FileFacts("", outputs=1, outputs_reason="fc.weight has 1 rows")
    assert complete(GIVEN, one).entry["task"] == "binary"
    proposal = complete({**GIVEN, "labels": ["price"]}, one)
    assert asked(proposal) == {"--task": "regression"}
    assert asked(complete(without("labels"), one)) == {"--labels": "A,B"}
    embedding = {**without("labels"), "task": "embedding"}
    assert asked(complete(embedding, FileFacts("", outputs=128))) == {}


@pytest.mark.parametrize(
    ("change", "facts", "message"),
    [
        (
            {"labels": ["a", "b", "c"]},
            CHECKPOINT,
            "--labels: found 3 (a, b, c), expected 2: fc.weight has 2 rows",
        ),
        ({"task": "embedding"}, CHECKPOINT, "--labels: an embedding has none"),
        ({"task": "binary"}, CHECKPOINT, "--labels: found 2 (cat, dog), expected 2"),
        (
            {},
            FileFacts("", channels=4),
            "--color: the network's input has 4 channels, expected 1 (grey) or 3 (rgb or bgr)",
        ),
        (
            {"preprocessing": {**GIVEN["preprocessing"], "color": "grey"}},
            CHECKPOINT,
            "--color: found grey, but the network's input has 3 channels",
        ),
        ({}, FileFacts("", channels=1), "--mean: found 3 numbers, expected 1: grey"),
    ],
)
def test_contradictions(change: dict[str, Any], facts: FileFacts, message: str) -> None:
    with pytest.raises(OptionError) as raised:
        complete({**GIVEN, **change}, facts)
    assert message in str(raised.value)


def test_factory_args_without_a_factory() -> None:
    with pytest.raises(OptionError, match="--factory-args: goes with --factory or --timm"):
        complete({**without("factory"), "factory_args": {}}, CHECKPOINT)
