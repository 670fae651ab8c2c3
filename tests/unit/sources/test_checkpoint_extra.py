"""Values stored beside the weights, as plain data, and the labels among them."""

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.unit.sources.checkpoint_shapes import METADATA, SHAPES, trained
from torch2web.sources.checkpoint import FoundLabels, labels_in, read_checkpoint


def extra(tmp_path: Path, **values: Any) -> dict[str, object]:
    torch.save({"model": trained(), **values}, tmp_path / "model.pth")
    return dict(read_checkpoint(tmp_path / "model.pth").extra)


@pytest.mark.parametrize("options", [{}, {"pickle_protocol": 5}, {"_use_new_zipfile_serialization": False}])
def test_values_are_plain(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "model.pth"
    torch.save({"model": trained(), **METADATA}, path, **options)
    found = dict(read_checkpoint(path).extra)
    assert found == {
        "args": {"arch": "tiny", "lr": 0.1, "data": "/data"},
        "best_acc1": 71.5,
        "counts": [0, 1, 2, 3],
        "when": "2026-03-04T05:06:07+00:00",
        "out": "runs/7",
        "took": 90.0,
        "history": {"loss": [0.3, 0.2]},
        "shape": [3, 32, 32],
        "dtype": "torch.float16",
        "device": "cuda:0",
        "rng": {"python": [3, [1, 2], None], "numpy": ["MT19937", [0, 1, 2, 3, 4], 1]},
        "seen": ["a", "b"],
    }
    json.dumps(found)


def test_weights_and_long_arrays_are_left_out(tmp_path: Path) -> None:
    found = extra(tmp_path, mean=torch.tensor([0.5, 0.25]), moments=torch.zeros(1000), text="x" * 200_000)
    assert found == {"mean": [0.5, 0.25]}


def test_classes_of_the_training_code(tmp_path: Path) -> None:
    name, write = SHAPES["classes of the training code"]
    write(trained(), tmp_path / name)
    assert "training_code" not in sys.modules
    found = read_checkpoint(tmp_path / name)
    assert found.extra["hyper_parameters"] == {"lr": 0.1, "stage": "fit"}
    assert found.unread == ("training_code.Config", "training_code.Stage")


def test_omegaconf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hydra's configurations, whose values are wrapped in nodes."""
    module = types.ModuleType("omegaconf")

    class Node:
        def __init__(self, **state: object) -> None:
            self.__dict__.update(state)

    Node.__module__, Node.__qualname__ = "omegaconf", "Node"
    module.Node = Node  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "omegaconf", module)
    config = Node(_content={"arch": Node(_val="tiny"), "sizes": Node(_content=[Node(_val=3)])}, _metadata=1)
    assert extra(tmp_path, cfg=config) == {"cfg": {"arch": "tiny", "sizes": [3]}}


LABELS = ("cat", "dog", "owl")


@pytest.mark.parametrize(
    ("values", "origin"),
    [
        ({"class_to_idx": {"owl": 2, "cat": 0, "dog": 1}}, "class_to_idx"),
        ({"classes": list(LABELS)}, "classes"),
        ({"classes": LABELS}, "classes"),
        ({"class_names": np.array(LABELS)}, "class_names"),
        ({"class_names": np.array(LABELS, dtype=object)}, "class_names"),
        ({"label_names": list(LABELS)}, "label_names"),
        ({"idx_to_class": {2: "owl", 0: "cat", 1: "dog"}}, "idx_to_class"),
        ({"names": {0: "cat", 1: "dog", 2: "owl"}}, "names"),
        ({"config": {"id2label": {"0": "cat", "1": "dog", "2": "owl"}}}, "config.id2label"),
        ({"hyper_parameters": {"data": {"classes": list(LABELS)}}}, "hyper_parameters.data.classes"),
        ({"args": types.SimpleNamespace(class_names=list(LABELS))}, "args.class_names"),
        ({"classes": ["x"], "class_to_idx": {"cat": 0, "dog": 1, "owl": 2}}, "class_to_idx"),
        ({"classes": 3, "meta": {"classes": list(LABELS)}}, "meta.classes"),
        ({"class_to_idx": {name: np.int64(index) for index, name in enumerate(LABELS)}}, "class_to_idx"),
    ],
)
def test_labels_are_found(tmp_path: Path, values: dict[str, Any], origin: str) -> None:
    torch.save({"model": trained(), **values}, tmp_path / "model.pth")
    assert labels_in(read_checkpoint(tmp_path / "model.pth")) == FoundLabels(LABELS, origin)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"class_to_idx": {"cat": 0, "dog": 2}},
        {"class_to_idx": {"cat": 1, "dog": 2}},
        {"class_to_idx": {"cat": 0, "dog": 0}},
        {"class_to_idx": {"cat": True, "dog": False}},
        {"classes": [1, 2]},
        {"classes": []},
        {"id2label": {"0": "cat", "x": "dog"}},
        {"id2label": {"0": 1}},
        {"classes": ["cat", object()]},
    ],
)
def test_incomplete_labels_are_none(tmp_path: Path, values: dict[str, Any]) -> None:
    torch.save({"model": trained(), **values}, tmp_path / "model.pth")
    assert labels_in(read_checkpoint(tmp_path / "model.pth")) is None


def test_labels_in_safetensors(tmp_path: Path) -> None:
    save_file(trained(), tmp_path / "model.pth", {"classes": json.dumps(LABELS), "broken": "[1"})
    found = read_checkpoint(tmp_path / "model.pth")
    assert labels_in(found) == FoundLabels(LABELS, "classes")
    assert found.extra["broken"] == "[1"


def test_a_thousand_labels(tmp_path: Path) -> None:
    """ImageNet has "crane" twice."""
    labels = [f"class {index % 999}" for index in range(1000)]
    torch.save({"model": trained(), "classes": labels}, tmp_path / "model.pth")
    found = labels_in(read_checkpoint(tmp_path / "model.pth"))
    assert found is not None
    assert found.labels == tuple(labels)
