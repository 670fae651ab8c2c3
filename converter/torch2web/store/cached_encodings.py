"""Compressed forms of files, kept between builds: each under a key that stands for what it was made from.

A form lies in `<key>-<its own SHA-256>`; an empty one says that the file does not shrink enough to have any.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from torch2web.store.hashing import FileRecord, sha256_of, write_hashed
from torch2web.store.links import link_or_copy
from torch2web.store.work_folders import process_folder, remove_leftovers

LARGEST = 4 * 2**30
"""Bytes that are kept: several builds' worth, so that builds beside one another do not fight. The longest
unused go first."""

_WORK = ".work-"


class KeptForms:
    """The forms below `folder`. Reading and writing may be done by several threads at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder, _WORK)
        self._names = {path.name.partition("-")[0]: path.name for path in folder.iterdir()}
        self._used: set[str] = set()

    def read(self, key: str) -> FileRecord | None:
        """The form of `key`, or None where there is none or it is no longer what was written."""
        name = self._names.get(key)
        try:
            if not name or f"{key}-{sha256_of(self.folder / name)}" != name:
                return None
            os.utime(self.folder / name)
            size = (self.folder / name).stat().st_size
        except OSError:  # another build removed it
            return None
        self._used.add(name)
        return FileRecord(name, size, name.partition("-")[2])

    def write(self, key: str, blocks: Iterable[bytes], most: int) -> FileRecord:
        """Keep `blocks` as the form of `key`: an empty one where they are more than `most` bytes."""
        written = write_hashed(self._work, key, blocks)
        if written.size > most:
            written = write_hashed(self._work, key, [])
        name = f"{key}-{written.sha256}"
        (self._work / key).replace(self.folder / name)
        self._used.add(name)
        return FileRecord(name, written.size, written.sha256)

    def __enter__(self) -> "KeptForms":
        self._work = process_folder(self.folder, _WORK)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._work, ignore_errors=True)
        unused = [path for path in self.folder.iterdir() if path.is_file() and path.name not in self._used]
        size = sum((self.folder / name).stat().st_size for name in self._used)
        for path in sorted(unused, key=lambda path: path.stat().st_mtime, reverse=True):
            size += path.stat().st_size
            if size > LARGEST:
                path.unlink(missing_ok=True)

    def place(self, form: FileRecord, target: Path) -> None:
        """Give `form` the name `target` as well; should it then be changed there, `read` finds it out."""
        link_or_copy(self.folder / form.path, target)
