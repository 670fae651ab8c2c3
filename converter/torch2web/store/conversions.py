"""Cache of verified conversions, keyed by a hash of their inputs."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.errors import OutputError
from torch2web.store.cached_folder import begin_work, publish, work_prefix
from torch2web.store.hashing import FileRecord
from torch2web.store.parts import PartedFile
from torch2web.store.verified_files import VerifiedFiles
from torch2web.store.work_folders import remove_leftovers

MODEL = "model.onnx"
"""Path of the full ONNX file, relative to the folder of an entry."""

_RECORD = "record.json"


@dataclass(frozen=True)
class Entry:
    """A cache entry: a folder with `model.onnx`, `record.json`, and graph, weights and plan split into parts.

    The folder gets its name only when it is complete.
    """

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / MODEL

    def read(self) -> "CachedConversion | None":
        """Return the conversion; None if it is not cached or a SHA-256 does not match.

        Hashes every file: a site may share them by hard links, through which they can be modified.
        """
        try:
            sealed = json.loads((self.folder / _RECORD).read_text())
            record: dict[str, Any] = sealed["record"]
            if sealed["sha256"] != _sha256_of_json(record):
                return None
            files = VerifiedFiles.check(self.folder, _files_of(record))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return CachedConversion(record, files) if files else None


@dataclass(frozen=True)
class CachedConversion:
    """A cached conversion whose files match their SHA-256."""

    record: dict[str, Any]
    files: VerifiedFiles


class ConversionCache:
    """Entries in `folder`, one for each distinct input."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entry(self, name: str, inputs: Mapping[str, Any]) -> Entry:
        """Return the entry of model `name` for `inputs`, which must be serialisable as JSON."""
        key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        return Entry(self.folder / f"{name}-{key[:32]}")

    def begin(self, entry: Entry) -> Entry:
        """Create a working folder for a conversion, to be passed to `store` or `discard`."""
        return Entry(begin_work(entry.folder))

    def store(self, work: Entry, entry: Entry, record: dict[str, Any]) -> CachedConversion:
        """Write `record` into `work`, publish it as `entry` and evict the model's oldest entries.

        Raises OutputError if the stored files do not match their records.
        """
        sealed = {"record": record, "sha256": _sha256_of_json(record)}
        (work.folder / _RECORD).write_text(json.dumps(sealed, indent=2, sort_keys=True))
        if entry.read() is None:  # damaged or missing
            shutil.rmtree(entry.folder, ignore_errors=True)
        publish(work.folder, entry.folder)
        if (
            cached := entry.read()
        ) is None:  # verify what the next build will read, whichever process wrote it
            raise OutputError(entry.folder, "it changed after it was verified; build again")
        return cached

    def remove_leftovers(self, name: str) -> None:
        """Remove the working folders of model `name` whose process was killed."""
        if self.folder.is_dir():
            remove_leftovers(self.folder, work_prefix(name))

    def discard(self, work: Entry) -> None:
        """Remove the working folder created by `begin`."""
        shutil.rmtree(work.folder, ignore_errors=True)


def _files_of(record: Mapping[str, Any]) -> list[FileRecord]:
    """Records of all files of an entry except record.json."""
    parted = [*(variant["weights"] for variant in record["variants"])]
    for graphs in (record, record["heatmap"] or {}, record["features"] or {}):
        parted += [graphs[file] for file in ("graph", "plan") if graphs.get(file)]
    parts = [part for file in parted for part in PartedFile.from_dict(file).parts]
    return [FileRecord(**record["model"]), *parts]


def _sha256_of_json(record: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, which is the same before and after a round trip through JSON."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
