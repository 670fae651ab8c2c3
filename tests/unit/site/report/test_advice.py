"""The recommendation of a report follows from its figures."""

from typing import Any

import pytest

from torch2web.site.report.advice import advise


def model(size: int, **changes: Any) -> dict[str, Any]:
    return {
        "plan": {"size": 0},
        "variants": [
            {
                "name": "int8",
                "weights": {"size": size},
                "verification": {"top1_agreement": 1.0, "images": 30},
            }
        ],
        "verification": {"dead": False},
        "complexity": {"macs": 300_000_000},
        "recommended": {"target": "browser", "role": "primary"},
    } | changes


MB = 1_000_000


@pytest.mark.parametrize(
    ("models", "advised", "reason"),
    [
        (
            [model(2 * MB)],
            ["browser, primary"],
            "A small download: 2.0 MB as int8, 300 million multiply-adds",
        ),
        ([model(2 * MB), model(3 * MB)], ["browser, primary", "browser, optional"], "smallest download"),
        ([model(50 * MB)], ["browser, optional"], "Over 10.0 MB, so visitors should be asked"),
        ([model(150 * MB)], ["server, optional"], "Over 100 MB, more than a browser should download"),
        ([model(MB, complexity={"macs": 9e9})], ["server, optional"], "Over 4 billion multiply-adds"),
        ([model(MB, verification={"dead": True})], ["server, optional"], "hardly depend on the picture"),
    ],
)
def test_advice(models: list[dict[str, Any]], advised: list[str], reason: str) -> None:
    found = advise(models)
    assert [advice.text for advice in found] == advised
    assert reason in found[0].reason
    assert "PyTorch's answer on all 30 pictures" in found[0].reason


def test_another_recommendation_of_the_catalogue_is_said() -> None:
    (advice,) = advise([model(MB, recommended={"target": "server", "role": "optional"})])
    assert advice.catalogue == "server, optional"
    assert advise([model(MB)])[0].catalogue == ""
    assert advise([model(50 * MB)])[0].catalogue == "", "the default of a catalogue that says nothing"


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"top1_agreement": 41 / 42, "ties": 1 / 42, "images": 42}, "on 41 of 42 pictures and 1 tie."),
        ({"labels_agreement": 0.975, "images": 42}, "97.5 % of labels as PyTorch's, on 42 pictures."),
    ],
)
def test_agreement_is_said_in_pictures(figures: dict[str, Any], said: str) -> None:
    variant = {"name": "int8", "weights": {"size": MB}, "verification": figures}
    (advice,) = advise([model(MB, variants=[variant])])
    assert advice.reason.endswith(said)
