"""Finds the checkpoint of each model."""

from collections.abc import Sequence
from pathlib import Path

from torch2web.catalog import ModelSpec
from torch2web.errors import CheckpointError
from torch2web.file_managers import is_of_file_manager


def find_checkpoints(folder: Path | None, specs: Sequence[ModelSpec]) -> list[Path | None]:
    """The file of each model, or None for each where no folder was given. All must be there."""
    if folder is None:
        return [None] * len(specs)
    if not folder.is_dir():
        found = "it is not a folder" if folder.exists() else "there is no such folder"
        raise CheckpointError(folder, f"{found}; --checkpoints names the folder of the checkpoints")
    paths = [folder / spec.checkpoint for spec in specs]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        names = sorted(path.name for path in folder.iterdir())
        present = [name for name in names if not is_of_file_manager(Path(name))]
        problem = (
            f"there is no such file; the catalogue names it in {folder}, which lacks {', '.join(missing)}"
        )
        raise CheckpointError(
            folder / missing[0], problem, f"Found there: {', '.join(present[:10]) or 'nothing'}."
        )
    return list(paths)
