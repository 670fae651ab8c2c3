"""Cache of folders, published atomically by renaming; the oldest of each kind are evicted.

A cached folder is named `<kind>-<32 hex digits>`, where the digits are a hash of its inputs.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from torch2web.store.work_folders import process_folder, remove_leftovers

_SUMS = "sums.json"

NEWEST = 4
"""Number of folders kept of each kind; more than one, so that concurrent builds do not evict each other's."""


def begin_work(target: Path) -> Path:
    """Create an empty working folder, to be filled and then passed to `publish`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = work_prefix(_kind(target))
    remove_leftovers(target.parent, prefix)
    return process_folder(target.parent, prefix)


def work_prefix(kind: str) -> str:
    """Of the names of working folders, which end in a process id."""
    return f".{kind}-work-"


def publish(work: Path, target: Path) -> None:
    """Rename the complete folder `work` to `target` and evict the oldest of the same kind.

    If another process has published `target` first, its folder is kept and `work` is removed. Raises OSError.
    """
    try:
        work.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(work)
    same_kind = re.compile(re.escape(_kind(target)) + "-[0-9a-f]{32}")
    siblings = [path for path in target.parent.iterdir() if same_kind.fullmatch(path.name)]
    siblings.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in siblings[NEWEST:]:
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def cached_files(cache: Path, kind: str, key: str, make: Callable[[Path], None]) -> dict[str, bytes]:
    """Return the files that `make` writes into a folder, by file name, from `cache` if they are there.

    `key` must identify every input of `make`.
    """
    folder = cache / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    if (files := _read_files(folder)) is not None:
        return files
    work = begin_work(folder)
    try:
        make(work)
        files = {path.name: path.read_bytes() for path in sorted(work.iterdir())}
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        (work / _SUMS).write_text(json.dumps(sums))
        shutil.rmtree(folder, ignore_errors=True)
        publish(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return files


def _read_files(folder: Path) -> dict[str, bytes] | None:
    """Return the files of a cached folder; None if it does not exist or a SHA-256 does not match."""
    try:
        sums: dict[str, str] = json.loads((folder / _SUMS).read_text())
        files = {name: (folder / name).read_bytes() for name in sums}
    except (OSError, ValueError, TypeError):
        return None
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return files if found == sums else None


def _kind(target: Path) -> str:
    return target.name.rpartition("-")[0]
