"""Every byte below `models/` is what the build recorded, hashed by Python, and the manifest is its own."""

import hashlib
import json
from importlib.util import find_spec
from typing import Any

import pytest

from .answers import answer, files_of, paths_of
from .facts import FACTS


def manifest() -> dict[str, Any]:
    content: dict[str, Any] = answer("manifest")
    return content


def test_file_is_what_was_built(path: str) -> None:
    _, [found], _ = answer("file", f"models/{path}")
    assert found == FACTS["files"][path]


def test_manifest_is_of_this_build() -> None:
    assert hashlib.sha256(answer("bytes", "models/model_info.json")).hexdigest() == FACTS["manifest_sha256"]


@pytest.mark.skipif(find_spec("numpy") is None, reason=FACTS["no_wheels"])
def test_manifest_does_not_contradict_itself() -> None:
    from torch2web.site.manifest.check import check_contradictions  # what it reads of images needs NumPy

    check_contradictions(manifest())


def test_checksums_are_those_of_the_build() -> None:
    assert json.loads(answer("bytes", "models/model_checksums.json")) == FACTS["files"]


def test_parts_are_what_was_built(model: str) -> None:
    """What the loader checks part by part while a variant arrives, hashed by Python."""
    manifest()  # asked for first, where this browser lets Python wait
    for name, (sizes, hashes, whole) in answer("parts", model).items():
        file = files_of(model)[name]
        assert [part["size"] for part in file["parts"]] == sizes
        assert [part["sha256"] for part in file["parts"]] == hashes
        assert [FACTS["files"][path.removeprefix("models/")] for path in paths_of(file)] == hashes
        assert (file["size"], file["sha256"]) == (sum(sizes), whole)


def test_loader_reads_the_same_manifest(model: str) -> None:
    """`model.info`, through the loader's own check, is what Python reads in the file."""
    entry = next(entry for entry in manifest()["models"] if entry["name"] == model.split("/")[0])
    assert answer("loaded", model)["info"] == entry
