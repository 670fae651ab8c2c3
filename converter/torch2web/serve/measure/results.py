"""Measurements in files, one for each browser, beside the outcomes of devices."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch2web.file_managers import is_of_file_manager
from torch2web.schemas import find_violation

FOLDER = "measured"
"""Below the folder of outcomes."""

_SCHEMA = "measured.schema.json"
_VERSION = 1
_ORDER = ("chromium", "firefox", "webkit", "native")


def save_measured(folder: Path, manifest_sha256: str, measured: Mapping[str, Any]) -> Path:
    """Write what one engine measured, in place of what it did before. Raises OSError."""
    path = folder / FOLDER / f"{measured['engine']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema_version": _VERSION, "manifest_sha256": manifest_sha256, **measured}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def read_measured(folder: Path, manifest_sha256: str) -> tuple[Sequence[dict[str, Any]], Sequence[str]]:
    """Measurements of the build with this manifest, and a line for each file that is none."""
    found: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        if is_of_file_manager(Path(path.name)):
            continue
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            unreadable.append(f"{FOLDER}/{path.name}: it is not valid JSON: {error}")
            continue
        if violation := find_violation(content, _SCHEMA):
            unreadable.append(f"{FOLDER}/{path.name}: {violation.key}: {violation.problem}")
        elif content["manifest_sha256"] == manifest_sha256:
            found.append(content)
    found.sort(key=lambda content: _ORDER.index(content["engine"]))
    return found, unreadable
