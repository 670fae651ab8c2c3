"""What the build wrote down for these tests: names, hashes and the logits that Python gave."""

import json
import os
from pathlib import Path
from typing import Any

import harness  # the page's side of the bridge

FOLDER = Path(os.environ["TORCH2WEB_FACTS"])
"""Holds `facts.json`, and the reference images below `pictures/`."""

FACTS: dict[str, Any] = json.loads((FOLDER / "facts.json").read_text())

CASES: list[str] = list(FACTS["logits"]) if harness.everyVariant else FACTS["defaults"]
"""What is judged, as `model/variant`: what visitors are served, or everything."""

PARTS = "parts/"
"""Below this there are what variants consist of, which each of them has judged for itself."""

FILES: list[str] = [
    path
    for path in FACTS["files"]
    if not path.startswith(PARTS) and (harness.everyVariant or not path.endswith(".onnx"))
]


def picture_bytes(name: str) -> bytes:
    """The PNG file of a reference image."""
    return (FOLDER / "pictures" / f"{name}.png").read_bytes()
