"""Folders that builds keep for one another: complete once they have their name, the oldest removed.

A kept folder is named after what it holds and a hash of what it was made from: `<kind>-<32 hex digits>`.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from torch2web.store.work_folders import process_folder, remove_leftovers

_SUMS = "sums.json"

NEWEST = 2
"""How many folders of one kind are kept: a few, so that builds beside one another do not fight."""


def begin_work(target: Path) -> Path:
    """A new folder to fill, which `publish` then gives the name `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{_kind(target)}-work-"
    remove_leftovers(target.parent, prefix)
    return process_folder(target.parent, prefix)


def publish(work: Path, target: Path) -> None:
    """Give the finished folder `work` the name `target`, and remove the oldest of the same kind.

    Where another process was first with the same name, its folder stays and `work` is removed.
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


def kept_files(cache: Path, kind: str, key: str, make: Callable[[Path], None]) -> dict[str, bytes]:
    """What `make` writes into the folder that it is given, by file name.

    Kept in `cache` as long as `key`, which stands for everything that the files are made from, is the same.
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
    """The files of a kept folder, or None where it is not there or no longer what was written."""
    try:
        sums: dict[str, str] = json.loads((folder / _SUMS).read_text())
        files = {name: (folder / name).read_bytes() for name in sums}
    except (OSError, ValueError, TypeError):
        return None
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return files if found == sums else None


def _kind(target: Path) -> str:
    return target.name.rpartition("-")[0]
