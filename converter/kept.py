"""Folders that builds keep for one another: complete once they have their name, the oldest removed."""

import shutil
from pathlib import Path

NEWEST = 3
"""How many folders of one kind are kept: a few, so that builds beside one another do not fight."""


def publish(work: Path, target: Path, kind: str) -> None:
    """Give the finished folder `work` the name `target`, and remove old folders `<kind>-*` beside it.

    Where another process was first with the same name, its folder stays and `work` is removed.
    """
    try:
        work.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(work)
    siblings = sorted(target.parent.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in siblings[NEWEST:]:
        if old != target:
            shutil.rmtree(old, ignore_errors=True)
