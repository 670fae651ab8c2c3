"""Verified conversions kept between builds, under a hash of everything that they depend on."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from converter.catalog import ModelSpec
from converter.hashing import sha256_of, sha256_of_sources
from converter.kept import begin_work, publish

_PACKAGE = Path(__file__).parent
_DISTRIBUTIONS = ("efficientnet-pytorch", "numpy", "onnx", "onnxruntime", "pillow", "torch")


@dataclass(frozen=True)
class Entry:
    """A folder with `model.onnx`, its variants and `record.json`, complete by the time it has its name."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "model.onnx"

    @property
    def graph(self) -> Path:
        """The model without its weights."""
        return self.folder / "graph.onnx"

    def variant(self, name: str) -> Path:
        """The weights of one variant."""
        return self.folder / f"{name}.safetensors"

    def read_record(self) -> dict[str, Any] | None:
        """The record, or None where this entry was never stored or no longer reads."""
        try:
            record: dict[str, Any] = json.loads((self.folder / "record.json").read_text())
            return record if _sums(self.folder) == record["sums"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


class ConversionCache:
    """Entries below `folder`, one for each distinct input."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = {
            # Whatever changes in this package's code, models are converted anew.
            "source": sha256_of_sources(_PACKAGE, sorted(_PACKAGE.rglob("*.py"))),
            "packages": {name: version(name) for name in _DISTRIBUTIONS},
        }

    def entry(self, spec: ModelSpec, weights_sha256: str, *, demo: bool, allow_dead: bool) -> Entry:
        """Where the conversion of `spec` with these weights is or would be kept."""
        inputs = {
            **self._environment,
            "spec": spec.as_dict(),
            "weights": weights_sha256,
            "demo": demo,
            "allow_dead": allow_dead,
        }
        key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        return Entry(self.folder / f"{spec.name}-{key[:32]}")

    def begin(self, entry: Entry) -> Entry:
        """A place to convert into, which `store` turns into `entry`."""
        return Entry(begin_work(entry.folder))

    def store(self, work: Entry, entry: Entry, record: dict[str, Any]) -> dict[str, Any]:
        """Complete `work` with its record and give it its name; the oldest of the model's go."""
        text = json.dumps({**record, "sums": _sums(work.folder)}, indent=2, sort_keys=True)
        (work.folder / "record.json").write_text(text)
        if entry.read_record() is None:  # damaged, or not there
            shutil.rmtree(entry.folder, ignore_errors=True)
        publish(work.folder, entry.folder)
        stored: dict[str, Any] = json.loads(text)  # as the next build will read it
        return stored

    def discard(self, work: Entry) -> None:
        """Remove what `begin` made."""
        shutil.rmtree(work.folder, ignore_errors=True)


def _sums(folder: Path) -> dict[str, str]:
    """SHA-256 of each file but the record, by name."""
    return {path.name: sha256_of(path) for path in sorted(folder.iterdir()) if path.name != "record.json"}
