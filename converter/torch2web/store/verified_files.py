"""Files verified by SHA-256 once, and by their file status on each later use.

Hashing dominates the time of an unchanged build, so each file is hashed once. Later uses, possibly minutes
after, compare inode, size and modification time instead.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch2web.errors import OutputError
from torch2web.store.hashing import FileRecord
from torch2web.store.links import link_or_copy
from torch2web.store.parallel import map_parallel

_Stamp = tuple[int, int, int, int]
"""Device, inode, size and mtime. Not ctime, which creating a hard link changes too."""


@dataclass(frozen=True)
class VerifiedFiles:
    """Verified files in `folder`, by the relative paths of their records."""

    folder: Path
    stamps: Mapping[str, _Stamp]
    """File status at the time of hashing, by path."""

    @classmethod
    def check(cls, folder: Path, files: Iterable[FileRecord]) -> "VerifiedFiles | None":
        """Hash `files`; None if one does not match its record. Raises OSError if one cannot be read."""
        distinct = {file.path: file for file in files}.values()
        # Largest first, to balance the load of the threads.
        ordered = sorted(distinct, key=lambda file: file.size, reverse=True)
        stamps = map_parallel(lambda file: _stamp_if_right(folder / file.path, file), ordered)
        found = {file.path: stamp for file, stamp in zip(ordered, stamps, strict=True) if stamp}
        return cls(folder, found) if len(found) == len(ordered) else None

    def place(self, path: str, target: Path) -> None:
        """Hard-link or copy the file to `target`. Raises OutputError if it changed since it was verified."""
        link_or_copy(self.folder / path, target)
        self._require_unchanged(path)

    def read(self, path: str) -> bytes:
        """Return the file's content. Raises OutputError if it has changed since it was verified."""
        content = (self.folder / path).read_bytes()
        self._require_unchanged(path)
        return content

    def _require_unchanged(self, path: str) -> None:
        """Call after linking or reading, so that a change in between is detected too."""
        if _stamp_of((self.folder / path).stat()) != self.stamps[path]:
            raise OutputError(self.folder / path, "it changed after it was verified; build again")


def _stamp_if_right(path: Path, expected: FileRecord) -> _Stamp | None:
    with path.open("rb") as file:
        stamp = _stamp_of(
            os.fstat(file.fileno())
        )  # before hashing, so that a concurrent write is detected later
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return stamp if digest == expected.sha256 else None


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
