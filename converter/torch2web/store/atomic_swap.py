"""Puts a finished folder in place of an old one, so that nobody ever sees half of it."""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch2web.store.work_folders import process_folder, remove_leftovers

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def swapped_in(target: Path) -> Iterator[Path]:
    """Yield a new folder beside `target`; on success it becomes `target`, whole.

    On any exception, Ctrl-C included, the new folder is removed and `target` stays as it was. What a killed
    process left beside `target` is removed by the next one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix, aside = f".{target.name}.new-", target.with_name(f".{target.name}.old")
    if aside.exists() and not target.exists():  # killed between the two steps of `_exchange`
        aside.rename(target)
    remove_leftovers(target.parent, prefix)
    staged = process_folder(target.parent, prefix)
    try:
        yield staged
        if target.exists():
            _exchange(staged, target, aside)
        else:
            staged.rename(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _exchange(staged: Path, target: Path, aside: Path) -> None:
    """Put `staged` in the place of `target`: in one step where the system can, in two elsewhere."""
    if sys.platform == "linux" and _exchange_names(staged, target):
        return
    shutil.rmtree(aside, ignore_errors=True)
    target.rename(aside)
    try:
        staged.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchange_names(first: Path, second: Path) -> bool:
    """Linux's renameat2 with RENAME_EXCHANGE; False where the system or its file system lacks it."""
    libc = ctypes.CDLL(None, use_errno=True)
    renameat2 = getattr(libc, "renameat2", None)
    if renameat2 is None:
        return False
    names = os.fsencode(first), os.fsencode(second)
    if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(code, os.strerror(code), str(second))
