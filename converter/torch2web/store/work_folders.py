"""Working folders named after their process id, so that leftovers of killed processes can be removed."""

import os
import shutil
from pathlib import Path


def process_folder(parent: Path, prefix: str) -> Path:
    """Create the folder `<prefix><id of this process>` in `parent`, empty."""
    folder = parent / f"{prefix}{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def remove_leftovers(parent: Path, prefix: str) -> None:
    """Remove the folders `<prefix><process id>` in `parent` whose process is not running."""
    for path in parent.iterdir():
        process_id = path.name.removeprefix(prefix)
        if process_id != path.name and process_id.isdecimal() and not _is_running(int(process_id)):
            shutil.rmtree(path, ignore_errors=True)


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except PermissionError:  # running, as another user
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return process_id != os.getpid()
