"""Puts a finished folder in place of an old one, so that nobody ever sees half of it."""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def swapped_in(target: Path) -> Iterator[Path]:
    """Yield a new folder beside `target`; on success it becomes `target`, whole.

    On any exception, Ctrl-C included, the new folder is removed and `target` stays as it was. What a killed
    process left beside `target` is removed by the next one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}.new-"
    for leftover in target.parent.glob(f"{prefix}*"):
        if not _is_running(leftover.name.removeprefix(prefix)):
            shutil.rmtree(leftover, ignore_errors=True)
    staged = target.parent / f"{prefix}{os.getpid()}"
    staged.mkdir()
    try:
        yield staged
        if target.exists():
            _exchange(staged, target)
        else:
            staged.rename(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _is_running(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except PermissionError:  # it runs, as somebody else
        return True
    except (ValueError, ProcessLookupError):
        return False
    return int(process_id) != os.getpid()


def _exchange(first: Path, second: Path) -> None:
    """Swap the names of two folders in one step where the system can, in two steps elsewhere."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        renameat2 = getattr(libc, "renameat2", None)
        if renameat2 is not None:
            names = os.fsencode(first), os.fsencode(second)
            if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
                return
            code = ctypes.get_errno()
            if code not in (errno.EINVAL, errno.ENOSYS):  # a file system without the exchange
                raise OSError(code, os.strerror(code), str(second))
    aside = first.with_name(f"{first.name}.old")
    second.rename(aside)
    try:
        first.rename(second)
    except BaseException:
        aside.rename(second)
        raise
    aside.rename(first)
