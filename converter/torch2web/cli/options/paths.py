"""Paths among the arguments."""

from pathlib import Path


def absolute(text: str) -> Path:
    """A path that means the same from any folder; links stay links."""
    return Path(text).absolute()
