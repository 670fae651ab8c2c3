"""model_info.json and model_checksums.json: what the site holds and how its models are to be used."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from converter.catalog import ModelSpec
from converter.check_manifest import check_manifest
from converter.hashing import FileRecord

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Weights:
    """Where a model's weights come from."""

    name: str
    """File name of the checkpoint."""
    sha256: str
    demo: bool


@dataclass(frozen=True)
class Runtime:
    """The files of onnxruntime-web that the loader fetches."""

    version: str
    files: Mapping[str, FileRecord]
    """By role: api, glue, wasm."""


@dataclass(frozen=True)
class ModelRecord:
    """One model, converted and verified, as the manifest lists it."""

    spec: ModelSpec
    weights: Weights
    file: FileRecord
    verification: Mapping[str, Any]
    golden: Mapping[str, Any]
    reference: Mapping[str, Sequence[float]]
    """PyTorch's logits by reference image; for the page that verifies, and not in the manifest."""

    def as_dict(self) -> dict[str, Any]:
        spec = self.spec
        return {
            "name": spec.name,
            "title": spec.title,
            "version": spec.version,
            "labels": list(spec.labels),
            "input": {"name": "input", "dtype": "float32", "shape": ["batch", *spec.input_shape]},
            "output": {"name": "output", "dtype": "float32", "shape": ["batch", len(spec.labels)]},
            "preprocessing": spec.preprocessing.as_dict(),
            "opset": spec.opset,
            "provenance": {
                "weights": "demo" if self.weights.demo else "checkpoint",
                "architecture": spec.architecture,
                "checkpoint": {"name": self.weights.name, "sha256": self.weights.sha256},
            },
            "recommended": {"target": spec.recommended.target, "role": spec.recommended.role},
            "variants": [
                {"name": "fp32", "file": self.file.as_dict(), "verification": dict(self.verification)}
            ],
            "golden": dict(self.golden),
        }


def manifest_json(generator: str, runtime: Runtime, models: Sequence[ModelRecord]) -> bytes:
    """The bytes of model_info.json: the same for the same input, no time and no path of this machine."""
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "generator": generator,
        "runtime": {
            "name": "onnxruntime-web",
            "version": runtime.version,
            "files": {role: record.as_dict() for role, record in runtime.files.items()},
        },
        "models": [model.as_dict() for model in models],
    }
    check_manifest(manifest)
    return json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def checksums_json(records: Iterable[FileRecord]) -> bytes:
    """The bytes of model_checksums.json: file name below `models/` to SHA-256 in hex."""
    sums = {record.path.removeprefix("models/"): record.sha256 for record in records}
    return json.dumps(sums, indent=2, sort_keys=True).encode() + b"\n"
