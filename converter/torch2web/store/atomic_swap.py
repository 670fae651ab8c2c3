"""Replaces a folder atomically, so that readers never see an incomplete one."""

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
    """Yield an empty folder beside `target`, which replaces `target` on success.

    On any exception, KeyboardInterrupt included, the new folder is removed and `target` is unchanged. Folders
    left by a killed process are removed by the next call. Raises OSError.
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
    """Replace `target` by `staged`: atomically on Linux, with two renames elsewhere."""
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
    """Exchange two names by Linux's renameat2(RENAME_EXCHANGE); False if the system does not support it."""
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
