"""A catalogue with a tiny network for each task, which converts and downloads in a moment."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tests.tiny_network import TinyNetwork
from torch2web.catalog.load import ModelSpec, load_catalog
from torch2web.images import preprocess
from torch2web.images.preprocessing import open_rgb

LABELS = ("crane", "heron", "crane", "stork")
"""Two of them are the same, as in ImageNet."""

_ENTRIES: dict[str, dict[str, object]] = {
    "classes": {"labels": LABELS},
    "logs": {"labels": LABELS},
    "soft": {"labels": LABELS},
    "tags": {
        "labels": ["beach", "dog", "sunset", "people", "snow"],
        "task": {"kind": "sigmoid", "thresholds": [0.5, 0.01, 0.9, 0.5, 0.2]},
    },
    "marks": {"labels": ["beach", "dog", "sunset"]},
    "mask": {"labels": ["no mask", "mask"], "task": {"kind": "binary", "thresholds": 0.3}},
    "chance": {"labels": ["cat", "dog"]},
    "face": {"task": "embedding"},
    "age": {"labels": ["age", "height"], "task": {"kind": "regression", "units": ["years", "cm"]}},
    "years": {"labels": ["age", "height"], "task": {"kind": "regression", "units": ["years", "cm"]}},
}

_LAYERS: dict[str, nn.Module] = {
    "logs": nn.LogSoftmax(dim=1),
    "soft": nn.Softmax(dim=1),
    "marks": nn.Sigmoid(),
    "chance": nn.Sigmoid(),
}

_OUTPUTS = {"face": 16, "mask": 1, "chance": 1}
NAMES = tuple(_ENTRIES)


def network(spec: ModelSpec, *_: object) -> nn.Module:
    """Replaces `load_model`: the network for the task after which `spec` is named."""
    outputs = _OUTPUTS.get(spec.name, len(spec.labels))
    layer = _LAYERS.get(spec.name, nn.Identity())
    scale = nn.Linear(outputs, outputs)
    with torch.no_grad():
        scale.weight.copy_(torch.eye(outputs) * (2 if spec.name == "years" else 1))
        scale.bias.zero_()
    return nn.Sequential(TinyNetwork(torch.relu, outputs), scale, layer).eval()


def write_catalog(folder: Path) -> Path:
    """Write a catalogue of all tasks, with empty files as checkpoints, into `folder`."""
    for name in _ENTRIES:
        (folder / f"{name}.pth").touch()
    path = folder / "models.toml"
    path.write_text(catalog_text(_ENTRIES))
    return path


def catalog_text(entries: Mapping[str, Mapping[str, object]]) -> str:
    """A catalogue of tiny networks; `entries` have keys by model."""
    lines = ['[defaults.preprocessing]\nresize = [32, 32]\nfilter = "bilinear"']
    lines += ["mean = [0.5, 0.5, 0.5]\nstd = [0.25, 0.25, 0.25]"]
    for name, entry in entries.items():
        lines += [f'[[models]]\nname = "{name}"\ncheckpoint = "{name}.pth"\narchitecture = "mobilenet_v2"']
        lines += [f"{key} = {_toml(value)}" for key, value in entry.items()]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"
    return json.dumps(value)


def outputs_of(catalog: Path, picture: Path) -> dict[str, NDArray[np.float32]]:
    """PyTorch's outputs for the image file `picture`, [1, outputs], by model."""
    outputs = {}
    for spec in load_catalog(catalog):
        with picture.open("rb") as file:
            image = open_rgb(file, spec.preprocessing.exif_orientation)
        with torch.inference_mode():
            tensor = torch.from_numpy(preprocess(image, spec.preprocessing)[None])
            outputs[spec.name] = network(spec)(tensor).numpy()
    return outputs
