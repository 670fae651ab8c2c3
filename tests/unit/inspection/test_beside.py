"""Files beside a checkpoint (configurations, labels): values read from them, and errors for bad ones."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from torch2web.errors import OptionError
from torch2web.inspection import Inspector, read_preprocessor

VIT = {
    "image_processor_type": "ViTImageProcessor",
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "resample": 2,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 224, "width": 224},
}
PIXELS = {
    "steps": [{"op": "resize", "size": [224, 224], "filter": "bilinear"}],
    "mean": [0.5] * 3,
    "std": [0.5] * 3,
}


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_preprocessor(tmp_path: Path) -> None:
    assert read_preprocessor(write(tmp_path / "p.json", VIT)) == PIXELS
    timm = {
        "input_size": [3, 32, 32],
        "crop_pct": 1.0,
        "interpolation": "bicubic",
        "mean": [0, 0, 0],
        "std": [1, 1, 1],
    }
    entry = read_preprocessor(write(tmp_path / "p.json", timm))
    assert (entry["mean"], entry["std"]) == ([0] * 3, [1] * 3), "written even where they are 0 and 1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "it is not valid JSON"),
        (b"[]", "found no JSON object"),
        (b"\xff\xfe\xff", "UTF-16"),
        (b"{}", "image_processor_type: is missing; this is no preprocessor_config.json"),
        (json.dumps({**VIT, "do_pad": True}).encode(), "do_pad cannot be computed"),
    ],
)
def test_bad_preprocessors(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(content)
    with pytest.raises(OptionError) as raised:
        read_preprocessor(path)
    assert raised.value.option == "--preprocessor"
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


def test_preprocessor_that_cannot_be_read(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.json", "there is no such file"), (tmp_path, "Is a directory")):
        with pytest.raises(OptionError, match=message):
            read_preprocessor(path)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "pytorch_model.bin"
    torch.save({"fc.weight": torch.randn(2, 8), "conv.weight": torch.randn(8, 3, 3, 3)}, path)
    return path


def test_facts_of_files_beside(checkpoint: Path) -> None:
    inspector = Inspector(checkpoint.parent / "cache")
    assert inspector.facts(checkpoint, {}).labels == ()
    write(checkpoint.parent / "config.json", {"id2label": {"0": "cat", "1": "dog"}})
    write(checkpoint.parent / "preprocessor_config.json", VIT)
    for _ in range(2):  # read, then from the cache
        facts = inspector.facts(checkpoint, {})
        assert facts.labels == ("cat", "dog")
        assert facts.labels_origin == "config.json beside it"
        assert facts.preprocessing == PIXELS
        assert facts.preprocessing_origin == "preprocessor_config.json beside it"


@pytest.mark.parametrize(
    "config",
    [
        {"id2label": {"0": "LABEL_0", "1": "LABEL_1"}},
        {"id2label": {"0": "cat", "1": "dog", "2": "of another model"}},
        {"id2label": 3},
        [],
    ],
)
def test_files_of_other_models_say_nothing(checkpoint: Path, config: Any) -> None:
    write(checkpoint.parent / "config.json", config)
    facts = Inspector().facts(checkpoint, {})
    assert (facts.labels, facts.preprocessing) == ((), None)


def test_kept_facts_are_those_that_were_read(checkpoint: Path) -> None:
    inspector = Inspector(checkpoint.parent / "cache")
    first = inspector.facts(checkpoint, {})
    assert inspector.facts(checkpoint, {}) == first == Inspector().facts(checkpoint, {})
    torch.save({"fc.weight": torch.randn(5, 8)}, checkpoint)
    assert inspector.facts(checkpoint, {}).outputs == 5
