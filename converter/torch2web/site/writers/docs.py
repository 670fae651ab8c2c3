"""The documentation, which is the same in every site of a version."""

from pathlib import Path

from torch2web.assets import Assets
from torch2web.store import FileRecord, write_bytes_hashed

FOLDER = "docs/"


def write_docs(root: Path, assets: Assets) -> list[FileRecord]:
    """Write the pages below docs/, and their style sheet."""
    return [
        write_bytes_hashed(root, path.removeprefix(FOLDER), assets.read(path))
        for path in assets.below(FOLDER)
    ]
