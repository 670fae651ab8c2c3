"""The rendered page of a site."""

from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tests.browser.sites import derived_site, script_of, style_of
from torch2web.assets import load_assets
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.records import Weights
from torch2web.site.writers.heading import Heading
from torch2web.site.writers.snippet import Snippet
from torch2web.site.writers.templates import render
from torch2web.store.hashing import integrity, sha256_of
from torch2web.tasks import Task


def test_page_pins_what_it_loads(small_site: Path) -> None:
    page = (small_site / "index.html").read_text()
    for name in ("torch2web.js", script_of(small_site), script_of(small_site, "page"), style_of(small_site)):
        assert integrity(sha256_of(small_site / name)) in page


def test_values_are_escaped_and_none_may_be_missing() -> None:
    with pytest.raises(UndefinedError):
        render(load_assets(), "index.html.j2")


def test_integrity_is_base64() -> None:
    assert integrity("00" * 32) == "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def test_page_of_other_labels_offers_no_faces(
    small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path
) -> None:
    spec = replace(catalog["mobilenet_emotion"], labels=("cat", "dog", "fish", "bird"))
    site = derived_site(small_site, tmp_path, spec, Weights("animals.pth", "0" * 64, demo=False))
    page = (site / "index.html").read_text()
    assert "<h1><bdi>Cat</bdi>, <bdi>dog</bdi>, <bdi>fish</bdi> or <bdi>bird</bdi>?</h1>" in page
    assert "animals.pth" in page
    for word in ("face", "Bored", "Demo weights"):
        assert word not in page
    assert not (site / "samples").exists()


MANY = tuple(f"class {n}" for n in range(1000))


@pytest.mark.parametrize(
    ("labels", "plain", "description"),
    [
        ([("cat", "DOG")], "Cat or DOG?", "A neural network that tells cat, DOG apart"),
        ([("a", "b", "a")] * 2, "a or b?", "Neural networks that tell a, b apart"),
        ([("a", "שלום (1)")], "a or \u2068שלום (1)\u2069?", "tells a, \u2068שלום (1)\u2069 apart"),
        ([MANY], "MobileNetV2", "A neural network that tells 1,000 classes apart"),
        ([MANY, MANY], "What does the picture show?", "Neural networks that tell 1,000 classes apart"),
        ([("a", "b"), ("c", "d")], "What does the picture show?", "Neural networks that tell pictures apart"),
        ([("x" * 40, "y" * 40)], "MobileNetV2", "tells 2 classes apart"),
        ([("same", "same")], "MobileNetV2", "tells 2 classes apart"),
    ],
)
def test_heading(
    catalog: dict[str, ModelSpec], labels: list[tuple[str, ...]], plain: str, description: str
) -> None:
    heading = Heading.of([replace(catalog["mobilenet_emotion"], labels=those) for those in labels])
    assert heading.plain == plain
    assert description in heading.description
    assert bool(heading.labels) == (" or " in plain)


@pytest.mark.parametrize(
    ("task", "labels", "plain", "does", "lead"),
    [
        (
            Task("sigmoid", (0.5,) * 2),
            ("cat", "dog"),
            "T",
            "tells which of cat, dog a picture shows",
            "one, several",
        ),
        (Task("binary", (0.5,)), ("no", "yes"), "No or yes?", "tells no, yes apart", "says what it sees"),
        (Task("embedding"), (), "T", "tells how alike pictures are", "Show two pictures"),
        (Task("regression"), ("age", "height"), "T", "estimates age and height", "estimates age and height"),
        (Task("regression"), ("age",), "T", "estimates age, on your own", "estimates age"),
    ],
)
def test_heading_of_a_task(
    catalog: dict[str, ModelSpec],
    task: Task,
    labels: tuple[str, ...],
    plain: str,
    does: str,
    lead: str,
) -> None:
    spec = replace(catalog["mobilenet_emotion"], title="T", task=task, labels=labels)
    heading = Heading.of([spec])
    assert heading.plain == plain
    assert does in heading.description
    assert lead in heading.lead
    assert "Neural networks that" in Heading.of([spec, spec]).description
    mixed = Heading.of([spec, catalog["mobilenet_emotion"]])
    assert (mixed.plain, mixed.labels) == ("What does the picture show?", ())


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Task(), ("const { label, confidence } = await model.predict",)),
        (Task("sigmoid", (0.5,) * 4), ("const { labels } = await model.predict",)),
        (Task("regression"), ('loadModel("mobilenet_emotion", { task: "regression" })', "const { values }")),
        (Task("embedding"), ("similarity(await model.embed(first), await model.embed(second))",)),
    ],
)
def test_snippet_fits_the_task(catalog: dict[str, ModelSpec], task: Task, words: tuple[str, ...]) -> None:
    snippet = Snippet.of(replace(catalog["mobilenet_emotion"], task=task))
    assert all(word in "\n".join(snippet.lines) for word in words)
    assert ("similarity" in snippet.exports) == (task.kind == "embedding")
