"""What the build wrote down for these tests: names, hashes and the logits that PyTorch gave."""

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["TORCH2WEB_FACTS"])
"""Holds `facts.json`, and the reference images below `pictures/`."""

FACTS: dict[str, Any] = json.loads((FOLDER / "facts.json").read_text())


def picture_bytes(name: str) -> bytes:
    """The PNG file of a reference image."""
    return (FOLDER / "pictures" / f"{name}.png").read_bytes()
