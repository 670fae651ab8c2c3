"""Verified conversions kept between builds, under a hash of everything that they depend on."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.errors import OutputError
from torch2web.store.cached_folder import begin_work, publish
from torch2web.store.hashing import FileRecord
from torch2web.store.parts import PartedFile
from torch2web.store.verified_files import CheckedFiles

MODEL = "model.onnx"
"""Path of the whole ONNX file below the folder of an entry."""

_RECORD = "record.json"


@dataclass(frozen=True)
class Entry:
    """A folder with `model.onnx`, `record.json`, and graph, weights and plan in parts as in the site.

    It is complete by the time it has its name.
    """

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / MODEL

    def read(self) -> "Kept | None":
        """What is kept, or None where this entry was never stored or is no longer what was.

        Hashes every file. They may be names of files of a site too, which anybody edits.
        """
        try:
            sealed = json.loads((self.folder / _RECORD).read_text())
            record: dict[str, Any] = sealed["record"]
            if sealed["sha256"] != _sha256_of_json(record):
                return None
            files = CheckedFiles.check(self.folder, _files_of(record))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Kept(record, files) if files else None


@dataclass(frozen=True)
class Kept:
    """A conversion of the cache, found to be what was stored."""

    record: dict[str, Any]
    files: CheckedFiles


class ConversionCache:
    """Entries below `folder`, one for each distinct input."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entry(self, name: str, inputs: Mapping[str, Any]) -> Entry:
        """The entry of the conversion of the model `name` from `inputs`, which JSON must be able to hold."""
        key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        return Entry(self.folder / f"{name}-{key[:32]}")

    def begin(self, entry: Entry) -> Entry:
        """A place to convert into, which `store` turns into `entry`."""
        return Entry(begin_work(entry.folder))

    def store(self, work: Entry, entry: Entry, record: dict[str, Any]) -> Kept:
        """Complete `work` with its record and give it its name; the oldest of the model's go.

        Raises OutputError where it then does not read as it was written.
        """
        sealed = {"record": record, "sha256": _sha256_of_json(record)}
        (work.folder / _RECORD).write_text(json.dumps(sealed, indent=2, sort_keys=True))
        if entry.read() is None:  # damaged, or not there
            shutil.rmtree(entry.folder, ignore_errors=True)
        publish(work.folder, entry.folder)
        if (kept := entry.read()) is None:  # as the next build will, whichever build wrote it
            raise OutputError(entry.folder, "it changed after it was verified; build again")
        return kept

    def discard(self, work: Entry) -> None:
        """Remove what `begin` made."""
        shutil.rmtree(work.folder, ignore_errors=True)


def _files_of(record: Mapping[str, Any]) -> list[FileRecord]:
    """Every file of an entry but the record itself."""
    parted = [record["graph"], *(variant["weights"] for variant in record["kept"])]
    parted += [record["plan"]] if record["plan"] else []
    parts = [part for file in parted for part in PartedFile.from_dict(file).parts]
    return [FileRecord(**record["model"]), *parts]


def _sha256_of_json(record: Mapping[str, Any]) -> str:
    """The same for a record and for what JSON makes of it: tuples become lists, floats stay as they are."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
