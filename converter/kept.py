"""Folders that builds keep for one another: complete once they have their name, the oldest removed.

A kept folder is named after what it holds and a hash of what it was made from: `<kind>-<32 hex digits>`.
"""

import re
import shutil
from pathlib import Path

from converter.leftovers import process_folder, remove_leftovers

NEWEST = 3
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


def _kind(target: Path) -> str:
    return target.name.rpartition("-")[0]
