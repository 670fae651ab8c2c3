"""Files that file managers, desktops and archivers leave in any folder, which are nobody's work.

The one place that names them: whoever lists a folder that people open ignores them through this module.
"""

import os
from pathlib import Path, PurePath

_NAMES = frozenset(
    {
        # macOS: Finder, Spotlight, Time Machine, AFP servers
        ".appledb",
        ".appledesktop",
        ".appledouble",
        ".apdisk",
        ".com.apple.timemachine.donotpresent",
        ".documentrevisions-v100",
        ".ds_store",
        ".fseventsd",
        ".localized",
        ".spotlight-v100",
        ".temporaryitems",
        ".trashes",
        ".volumeicon.icns",
        "__macosx",
        "icon\r",
        "network trash folder",
        "temporary items",
        # Windows: Explorer
        "$recycle.bin",
        "desktop.ini",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "system volume information",
        "thumbs.db",
        "thumbs.db:encryptable",
        # Dolphin; Synology's File Station
        ".directory",
        "@eadir",
    }
)
"""Names of files and folders, in lower case: the file systems of macOS and Windows ignore case."""

_PREFIXES = ("._", ".trash-", ".fuse_hidden", ".nfs0")
"""AppleDouble files, the bins of Linux desktops, and deleted files that a program still has open."""


def is_of_file_manager(path: PurePath) -> bool:
    """Whether a name in `path`, relative to the folder that is listed, is one of a file manager."""
    names = [name.lower() for name in path.parts]
    return any(name in _NAMES or name.startswith(_PREFIXES) for name in names)


def files_below(folder: Path) -> list[str]:
    """Paths below `folder` of everything but folders and file managers' files, relative to it, sorted.

    File managers' folders are not entered: the bins of other users cannot be read. Links are not followed.
    """
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not is_of_file_manager(PurePath(name))]
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found += [
            (inside / name).as_posix() for name in (*files, *links) if not is_of_file_manager(PurePath(name))
        ]
    return sorted(found)
