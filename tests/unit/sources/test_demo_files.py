"""The demo's three ONNX files are unchanged byte for byte, since people refer to them by hash."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import pytest

VERSIONS = {"torch": "2.13.0", "onnx": "1.23.2", "onnxruntime": "1.32.0"}
"""With others, exporters name and order otherwise, and the choice among equal graphs may fall otherwise."""

FILES = {
    "mobilenet_emotion": "e566f8d01a7a5bdb007f604d20f8d6158372d23e9d6d6a7dcb337ab2d1eb3300",
    "landmark_cnn_emotion": "7b68d8509f5915b36e37c6c38e3bcce094f1c817323dec36b3c013221bcb2d29",
    "efficientnet_emotion": "697323c60ea52a41e3bfe2b6d1ec1538456db7c73d885fa4879c403346ebcc73",
}


def test_the_demos_files_are_unchanged(demo_site: Path) -> None:
    found = {name: version(name).partition("+")[0] for name in VERSIONS}
    if found != VERSIONS or platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip(f"hashes are known for {VERSIONS} on x86-64, found {found} on {platform.machine()}")
    manifest = json.loads((demo_site / "models/model_info.json").read_text())
    assert {model["name"]: model["plain"]["sha256"] for model in manifest["models"]} == FILES
    assert {model["provenance"]["exporter"]["name"] for model in manifest["models"]} == {"torchscript"}
    assert {model["opset"] for model in manifest["models"]} == {12}
