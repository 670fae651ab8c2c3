"""Files that were hashed and found right, to be used for as long as nobody has written to them since.

Hashing takes most of the time of a build without changes, so each file is hashed once. What is done with it
later, a while after if another model had to be converted, asks the system whether it is still the same file.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch2web.errors import OutputError
from torch2web.store.hashing import FileRecord
from torch2web.store.links import link_or_copy
from torch2web.store.parallel import side_by_side

_Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of the last write. Not the time that a new name of the file changes too."""


@dataclass(frozen=True)
class CheckedFiles:
    """Files below `folder`, by the paths of their records."""

    folder: Path
    stamps: Mapping[str, _Stamp]
    """As each was when it was hashed."""

    @classmethod
    def check(cls, folder: Path, files: Iterable[FileRecord]) -> "CheckedFiles | None":
        """None where one of `files` is not what its record says. Raises OSError where one cannot be read."""
        distinct = {file.path: file for file in files}.values()
        # The longest begin first, lest a core idle last.
        ordered = sorted(distinct, key=lambda file: file.size, reverse=True)
        stamps = side_by_side(lambda file: _stamp_if_right(folder / file.path, file), ordered)
        found = {file.path: stamp for file, stamp in zip(ordered, stamps, strict=True) if stamp}
        return cls(folder, found) if len(found) == len(ordered) else None

    def place(self, path: str, target: Path) -> None:
        """Give the file the name `target` as well, or a copy. Raises OutputError where it has changed."""
        link_or_copy(self.folder / path, target)
        self._require_unchanged(path)

    def read(self, path: str) -> bytes:
        """The file's bytes. Raises OutputError where it has changed."""
        content = (self.folder / path).read_bytes()
        self._require_unchanged(path)
        return content

    def _require_unchanged(self, path: str) -> None:
        """To be asked afterwards: what was linked or read before is then what was hashed."""
        if _stamp_of((self.folder / path).stat()) != self.stamps[path]:
            raise OutputError(self.folder / path, "it changed after it was verified; build again")


def _stamp_if_right(path: Path, expected: FileRecord) -> _Stamp | None:
    with path.open("rb") as file:
        stamp = _stamp_of(os.fstat(file.fileno()))  # before: a write from now on is one after the check
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return stamp if digest == expected.sha256 else None


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
