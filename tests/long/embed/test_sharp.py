"""Images of every kind in Node with sharp: results reported as exact equal Pillow's bit for bit."""

import json
from pathlib import Path

import pytest

from tests.browser.images.test_corpus import pillows
from tests.conftest import Site
from tests.corpus import make_corpus
from tests.long.embed.projects import installed, node
from tests.npm_package import PREPROCESSING, write_two_models

KINDS = (".jpg", ".webp", ".avif")
"""The others are decoded by the loader, as in browsers."""

pytestmark = pytest.mark.long


def test_exact_means_pillows_pixels(
    shared_site: Site, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = shared_site("two_models", *write_two_models(tmp_path_factory.mktemp("two")))
    corpus = {file.name: file.content for file in make_corpus() if file.name.endswith(KINDS)}
    assert len(corpus) >= 100
    for name, content in corpus.items():
        (tmp_path / name).write_bytes(content)
    with installed("node", site) as project:
        found = json.loads(node("tensors.mjs", tmp_path, project=project).splitlines()[-1])
    expected = {name: pillows(content, PREPROCESSING) for name, content in corpus.items()}
    assert found.keys() == expected.keys()
    differing = {name: result for name, result in found.items() if result["tensor"] != expected[name]}
    assert {name for name, result in differing.items() if not result["inexact"]} == set()
    said = {name for name, result in found.items() if result["inexact"]}
    assert {name for name in said if not name.endswith(".avif")} == {"cmyk-422-magenta-whole.jpg"}
    assert [result["inexact"] for result in found.values() if "browser" in result["inexact"]] == []
    assert sum(result["decodedBy"] == "sharp" for result in found.values()) >= 90
