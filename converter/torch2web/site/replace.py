"""Checks before an existing site is replaced, and the error for a full disk."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch2web.errors import OutputError
from torch2web.file_managers import files_below
from torch2web.site.manifest import SUMS, read_sums


def require_replaceable(site: Path) -> None:
    """Raise OutputError unless `site` may be replaced: it is absent, empty, or holds just a built site.

    Files of file managers do not count: they are lost with the replaced folder, and made again when needed.
    """
    if not site.exists() and not site.is_symlink():
        return
    if not site.is_dir() or site.is_symlink():
        raise OutputError(site, "it is not a folder; --out names the folder to write the site to")
    if strange := sorted({*files_below(site)} - {SUMS, *read_sums(site)[0]}):
        shown = ", ".join(strange[:3]) + (", …" if len(strange) > 3 else "")
        problem = f"it holds {shown}, which no build put there and which would be lost"
        raise OutputError(site, f"{problem}; move that away or name another folder with --out")


@contextmanager
def full_disk_explained(site: Path) -> Iterator[None]:
    """Raise OutputError in place of the system's error where the disk of `site` is full."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(site, "the disk is full; the existing output is unchanged") from error
        raise
