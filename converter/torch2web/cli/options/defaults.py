"""What the command is called, and the folders that it takes unless told otherwise."""

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path


@dataclass(frozen=True)
class Defaults:
    """What the command is called, and the folders that it takes unless told otherwise."""

    program: str
    folder: Path
    """Folder of models.toml, site and parity."""
    cache: Path
    command: str | None
    """The command that is meant where none is named."""

    @classmethod
    def installed(cls) -> "Defaults":
        """Of the installed command: the current folder, and the platform's cache folder."""
        return cls("torch2web", Path.cwd(), user_cache_path("torch2web"), None)

    @classmethod
    def checkout(cls, root: Path) -> "Defaults":
        """Of `build.py`: everything inside the checkout, wherever it is called from."""
        return cls("build.py", root, root / ".cache", "build")
