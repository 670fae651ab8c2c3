"""The report that a build writes: page, Markdown, model cards and their data."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.browser.sites import manifest_of
from tests.unit.site.report.conftest import build_tiny
from torch2web.assets import load_assets
from torch2web.catalog.load import ModelSpec
from torch2web.errors import OutputError
from torch2web.site.manifest import read_sums
from torch2web.site.report import ReportInputs, conversion_report, model_cards, read_data, report_page

CARD = "model_cards/mobilenet_emotion.md"
FILES = ("report.html", "report.json", "CONVERSION_REPORT.md", CARD)


def read(site: Path, path: str) -> str:
    return (site / path).read_text(encoding="utf-8")


def inputs_of(site: Path, **changes: Any) -> ReportInputs:
    manifest = manifest_of(site)
    manifest["models"][0] |= changes
    return ReportInputs(manifest, "ab" * 32, read_data(site))


def test_every_build_writes_it_and_lists_it_in_the_checksums(tiny_site: Path) -> None:
    sums, strange = read_sums(tiny_site)
    assert strange == []
    assert set(FILES) <= set(sums)


def test_page_needs_no_other_file_and_runs_nothing(tiny_site: Path) -> None:
    page = read(tiny_site, "report.html")
    assert re.findall(r'(?:src|href)="(?!#|data:,")([^"]*)', page) == []
    assert "<script" not in page
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")


def test_page_says_where_the_model_came_from_and_what_became_of_it(tiny_site: Path) -> None:
    page, model = read(tiny_site, "report.html"), manifest_of(tiny_site)["models"][0]
    for said in (
        model["provenance"]["checkpoint"]["sha256"],
        "demo weights, mobilenet_v2.safetensors.xz",
        "torch.onnx.export by tracing (TorchScript), opset 12",
        "multiply-adds",
        "int8 was refused:",
        model["refused"][0]["reason"],
        "✓ default",
        "Not measured. <code>torch2web report --browser chromium</code> writes a report with it to "
        "<code>parity/report.html</code>",
        "writes a report with them to <code>parity/report.html</code>",
        "the picture shows",
        "Accuracy of Tiny | &lt;b&gt;net&lt;/b&gt;",
    ):
        assert said in page, said
    assert "xyzzy" not in page + read(tiny_site, "report.json"), "own pictures stay out"
    assert page.count('class="thumb t') == 30


def test_markdown_means_nothing_but_its_text(tiny_site: Path) -> None:
    report = read(tiny_site, "CONVERSION_REPORT.md")
    assert "## Tiny \\| \\<b\\>net\\</b\\>" in report
    row = next(line for line in report.splitlines() if line.startswith("| fp16 |"))
    assert row.count("|") == 7
    assert "✗ refused: max. difference of a probability" in report
    assert "| PyTorch | " in report
    assert "writes a report with them to `parity/report.html`" in report


def test_pictures_with_another_answer_come_first_and_ties_are_said(tiny_site: Path) -> None:
    inputs = inputs_of(tiny_site, title="mobilenet_emotion")
    model, data = inputs.manifest["models"][0], json.loads(json.dumps(inputs.data))
    images = model["variants"][0]["verification"]["images"]
    model["variants"][0]["verification"] |= {"top1_agreement": 1 - 1 / images, "ties": 1 / images}
    data["models"][0]["python"][20] = [[0, 0.372], [1, 0.3716]]
    data["models"][0]["answers"][20] = [[1, 0.3721], [0, 0.3719]]
    inputs = ReportInputs(inputs.manifest, inputs.manifest_sha256, data)
    page = unescape(report_page(load_assets(), inputs).decode())
    told = (
        "1 of 30 pictures gets another answer than PyTorch's: a tie (37.2 % against 37.2 %), which the gate"
    )
    assert told in page
    assert re.findall(r'class="thumb t(\d+)"', page)[:2] == ["20", "0"]
    assert f"{images - 1} of {images}, 1 tie" in page.replace("\u00a0", " ")
    assert f"{images - 1} of {images} pictures and 1 tie" in page
    assert "A tie is a picture whose two labels" in page
    assert '<code class="aside">' not in page, "a title that is the name is said once"
    assert "which the gate does not count" in conversion_report(load_assets(), inputs).decode()
    data["models"][0]["answers"][3] = [[2, 0.9], [0, 0.1]]
    data["models"][0]["python"][3] = [[1, 0.9], [2, 0.1]]
    page = unescape(report_page(load_assets(), ReportInputs(inputs.manifest, "", data)).decode())
    assert "2 of 30 pictures get another answer" in page
    assert "1 of these is a tie (37.2 % against 37.2 %)" in page


def test_model_card_has_metadata_of_the_hub_and_guesses_nothing(tiny_site: Path) -> None:
    card = read(tiny_site, CARD)
    start, metadata, body = card.split("---\n", 2)
    assert start == ""
    share = manifest_of(tiny_site)["models"][0]["verification"]["accuracy"]["share"]
    assert metadata.splitlines()[:3] == [
        "license: mit",
        "library_name: onnx",
        "pipeline_tag: image-classification",
    ]
    assert '  - name: "Tiny | <b>net</b>"' in metadata
    assert "          type: imagefolder" in metadata
    assert f"          - type: accuracy\n            value: {round(share, 4)}" in metadata
    assert "Not known: a checkpoint does not say it." in body
    assert 'loadModel("mobilenet_emotion")' in body
    other = inputs_of(tiny_site)
    provenance = {**other.manifest["models"][0]["provenance"]}
    del provenance["license"]
    (bare,) = model_cards(load_assets(), inputs_of(tiny_site, provenance=provenance)).values()
    assert b"license" not in bare.split(b"---\n", 2)[1]


def test_same_input_same_bytes(tiny_site: Path, tiny_spec: ModelSpec, tmp_path: Path) -> None:
    """Without labelled images the input differs; with the cache it is the same."""
    cache = tmp_path / "cache"
    first = build_tiny(tiny_spec, tmp_path / "first", cache)
    second = build_tiny(tiny_spec, tmp_path / "second", cache)
    for path in FILES:
        assert read(first, path) == read(second, path), path
    assert "the picture shows" not in read(first, "report.html")
    assert "Not measured: no labelled pictures were given." in read(first, CARD)
    assert "model-index" not in read(first, CARD)


def test_report_of_a_site_without_data_has_the_manifests_figures(tiny_site: Path, tmp_path: Path) -> None:
    """As of a version that wrote no report.json."""
    assert read_data(tmp_path) == {}
    page = report_page(load_assets(), ReportInputs(manifest_of(tiny_site), "ab" * 32, {})).decode()
    assert "int8 was refused:" in page
    assert 'class="thumb' not in page
    assert "picture by picture" not in page


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "not valid JSON"),
        ('{"schema_version": 2}', "found schema_version 2, expected 1"),
        ("[]", "None"),
    ],
)
def test_data_that_cannot_be_read(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(OutputError, match=problem):
        read_data(tmp_path)


TASKS: tuple[tuple[dict[str, Any], list[str], dict[str, float], str, str], ...] = (
    (
        {"kind": "sigmoid", "thresholds": [0.5] * 4},
        list("abcd"),
        {"labels_agreement": 0.5},
        "none",
        "multi-label",
    ),
    (
        {"kind": "regression", "units": ["years"] * 4},
        list("abcd"),
        {"values_max_rel_diff": 0.1},
        "Estimates",
        "",
    ),
    ({"kind": "embedding"}, [], {"cosine_min": 0.9}, "vector of 4 numbers", "image-feature-extraction"),
)


@pytest.mark.parametrize(("task", "labels", "figures", "said", "in_card"), TASKS)
def test_other_tasks(
    tiny_site: Path,
    task: dict[str, Any],
    labels: list[str],
    figures: dict[str, float],
    said: str,
    in_card: str,
) -> None:
    model = json.loads(json.dumps(manifest_of(tiny_site)["models"][0]))
    for entry in (model, *model["variants"], *model["refused"]):
        for name in ("top1_agreement", "probabilities_max_abs_diff", "accuracy"):
            entry["verification"].pop(name, None)
        entry["verification"] |= figures
        if task["kind"] == "sigmoid":
            entry["verification"]["probabilities_max_abs_diff"] = 0.1
    inputs = inputs_of(tiny_site, **model | {"task": task, "labels": labels, "gate": {}})
    data = json.loads(json.dumps(inputs.data))
    if task["kind"] == "embedding":
        data["models"][0] |= {"python": [], "answers": []}
    for variant in data["models"][0]["variants"]:
        variant["verification"] = model["verification"]
    inputs = ReportInputs(inputs.manifest, inputs.manifest_sha256, data)
    page = report_page(load_assets(), inputs).decode()
    assert said in page
    assert conversion_report(load_assets(), inputs)
    (card,) = model_cards(load_assets(), inputs).values()
    assert in_card in card.decode()
    assert ("pipeline_tag" in card.decode()) == (task["kind"] != "regression")
