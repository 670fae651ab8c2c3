"""Second names for files, in place of copies."""

import os
import shutil
from pathlib import Path


def link_or_copy(source: Path, target: Path) -> None:
    """Give the file `source` the name `target` as well, in place of whatever has that name.

    A second name of the same file where the system can, as copying a gigabyte takes seconds. Whoever then
    changes the file in the site changes it in the cache too: only for files whose hash every build checks.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, one without links, or somebody else's file
        shutil.copyfile(source, target)
