"""Cache of compressed files, keyed by a hash of their inputs.

An encoding is stored as `<key>-<SHA-256 of its content>`; an empty file records that compression does not
pay.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from torch2web.store.hashing import FileRecord, sha256_of, write_hashed
from torch2web.store.links import link_or_copy
from torch2web.store.work_folders import process_folder, remove_leftovers

MAX_CACHE_BYTES = 4 * 2**30
"""Maximum total size in bytes, enough for several concurrent builds; the least recently used are evicted."""

_WORK = ".work-"


class CachedEncodings:
    """The cached encodings in `folder`; a context manager. `read` and `write` are thread-safe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder, _WORK)
        self._names = {path.name.partition("-")[0]: path.name for path in folder.iterdir()}
        self._used: set[str] = set()

    def read(self, key: str) -> FileRecord | None:
        """Return the encoding of `key`; None if it is not cached or its SHA-256 does not match."""
        name = self._names.get(key)
        try:
            if not name or f"{key}-{sha256_of(self.folder / name)}" != name:
                return None
            os.utime(self.folder / name)
            size = (self.folder / name).stat().st_size
        except OSError:  # evicted by another build
            return None
        self._used.add(name)
        return FileRecord(name, size, name.partition("-")[2])

    def write(self, key: str, blocks: Iterable[bytes], max_size: int) -> FileRecord:
        """Store `blocks` as the encoding of `key`; an empty file if they exceed `max_size` bytes."""
        written = write_hashed(self._work, key, blocks)
        if written.size > max_size:
            written = write_hashed(self._work, key, [])
        name = f"{key}-{written.sha256}"
        (self._work / key).replace(self.folder / name)
        self._used.add(name)
        return FileRecord(name, written.size, written.sha256)

    def __enter__(self) -> "CachedEncodings":
        self._work = process_folder(self.folder, _WORK)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._work, ignore_errors=True)
        unused = [path for path in self.folder.iterdir() if path.is_file() and path.name not in self._used]
        size = sum((self.folder / name).stat().st_size for name in self._used)
        for path in sorted(unused, key=lambda path: path.stat().st_mtime, reverse=True):
            size += path.stat().st_size
            if size > MAX_CACHE_BYTES:
                path.unlink(missing_ok=True)

    def place(self, encoding: FileRecord, target: Path) -> None:
        """Hard-link or copy `encoding` to `target`; `read` detects a later modification through the link."""
        link_or_copy(self.folder / encoding.path, target)
