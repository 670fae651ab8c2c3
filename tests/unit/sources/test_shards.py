"""Checkpoints in several files: read by their index; a single one of the files is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from torch2web.errors import CheckpointError
from torch2web.inspection.read import read_facts
from torch2web.pipeline.network_files import external_hashes
from torch2web.sources.checkpoint import Format, detect_format, read_checkpoint

TENSORS = {"conv.weight": torch.ones(4, 3, 1, 1), "fc.weight": torch.ones(2, 4), "fc.bias": torch.zeros(2)}
PLACES = {"conv.weight": 1, "fc.weight": 2, "fc.bias": 2}


def write(folder: Path, kind: str) -> Path:
    """Write a checkpoint as two files and their index; `kind` as in their names."""
    base, ending = ("model", ".safetensors") if kind == "safetensors" else ("pytorch_model", ".bin")
    names = {number: f"{base}-0000{number}-of-00002{ending}" for number in (1, 2)}
    for number, name in names.items():
        tensors = {key: TENSORS[key] for key, place in PLACES.items() if place == number}
        if kind == "safetensors":
            save_file(tensors, folder / name)
        else:
            torch.save(tensors, folder / name)
    places = {key: names[place] for key, place in PLACES.items()}
    index = folder / f"{base}{ending}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 88}, "weight_map": places}, indent=2))
    return index


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_the_index_stands_for_its_files(tmp_path: Path, kind: str) -> None:
    index = write(tmp_path, kind)
    assert detect_format(index) is Format.SHARD_INDEX
    found = read_checkpoint(index)
    assert list(found.states) == [""]
    assert list(found.states[""]) == list(TENSORS), "in the order of the index"
    assert all(torch.equal(found.states[""][key], value) for key, value in TENSORS.items())
    facts = read_facts(index, {"factory": "torch.nn:Flatten"})
    assert (facts.format, facts.outputs) == ("checkpoint in several files", 2)
    assert len(external_hashes(index)) == 2, "a conversion is kept only while they are the same"


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_one_of_the_files_is_refused(tmp_path: Path, kind: str) -> None:
    index = write(tmp_path, kind)
    (first, _) = sorted(path for path in tmp_path.iterdir() if path != index)
    with pytest.raises(CheckpointError, match="one of the 2 files of a checkpoint") as caught:
        read_checkpoint(first)
    assert f"Build from {index.name} beside it" in str(caught.value)


def places_changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def changed(index: Path) -> None:
        content = json.loads(index.read_text())
        change(content)
        index.write_text(json.dumps(content))

    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda index: (index.parent / "model-00002-of-00002.safetensors").unlink(),
            r"files that it names are missing: model-00002-of-00002\.safetensors",
        ),
        (
            places_changed(lambda content: content["weight_map"].update(x="../model.safetensors")),
            r"it names the file '../model\.safetensors', expected names of files beside it",
        ),
        (
            places_changed(lambda content: content["weight_map"].update(x="/etc/passwd")),
            "it names the file '/etc/passwd'",
        ),
        (
            places_changed(lambda content: content["weight_map"].update(x="..\\secret")),
            "expected names of files beside it",
        ),
        (places_changed(lambda content: content["weight_map"].update(x=3)), "it names the file 3"),
        (places_changed(lambda content: content.update(weight_map=[])), 'it has no "weight_map"'),
        (
            places_changed(
                lambda content: content["weight_map"].update(x="model-00001-of-00002.safetensors")
            ),
            r"model-00001-of-00002\.safetensors has no tensor x, which the index says it has",
        ),
        (lambda index: index.write_text('{"weight_map": {"x": '), "it is not valid JSON"),
        (
            lambda index: (index.parent / "model-00001-of-00002.safetensors").write_bytes(b"<html>"),
            "HTML or XML page",
        ),
    ],
)
def test_faults(tmp_path: Path, change: Callable[[Path], object], message: str) -> None:
    index = write(tmp_path, "safetensors")
    change(index)
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(index)


def test_a_file_with_objects_is_refused(tmp_path: Path) -> None:
    index = write(tmp_path, "bin")
    torch.save({"state_dict": TENSORS}, tmp_path / "pytorch_model-00001-of-00002.bin")
    with pytest.raises(CheckpointError, match="it has state dicts under state_dict, expected tensors alone"):
        read_checkpoint(index)
