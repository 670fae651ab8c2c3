"""A site of two files, and an outcome as verify.html sends it."""

import json
from pathlib import Path
from typing import Any

from torch2web.store.hashing import sha256_of

FIREFOX = "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0"


def tiny_site(folder: Path) -> Path:
    """Write the files of a built site that the server of outcomes reads."""
    (folder / "models").mkdir(parents=True)
    (folder / "models/model_info.json").write_text("{}")
    (folder / "verify.html").write_text("<h1>verify</h1>")
    return folder


def outcome_of(site: Path, **changes: Any) -> dict[str, Any]:
    """An outcome that passed, with `changes` applied."""
    return {
        "schema_version": 1,
        "manifest_sha256": sha256_of(site / "models/model_info.json"),
        "user_agent": FIREFOX,
        "python": "3.14.2, Pyodide 314.0.7",
        "started": "2026-03-04T05:06:07.890Z",
        "seconds": 41.2,
        "verdict": "passed",
        "problem": "",
        "tests": [passed("in_page/test_tensors.py::test_tensor[a]")],
        "models": [{"name": "tiny", "backend": "onnxruntime-web 1.30.0", "max_abs_diff": 3.1e-06}],
    } | changes


def passed(name: str) -> dict[str, Any]:
    return {"name": name, "outcome": "passed", "seconds": 0.1, "message": ""}


def failed(name: str, message: str) -> dict[str, Any]:
    return {"name": name, "outcome": "failed", "seconds": 0.1, "message": message}


def as_json(outcome: dict[str, Any]) -> bytes:
    return json.dumps(outcome).encode()
