"""Calls code that is not ours, and says where in it an exception was raised."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_INSTALLED = ("site-packages", "dist-packages")


@contextmanager
def current_folder_first() -> Iterator[None]:
    """Imports look in the current folder first, as with `python -m`, also later ones inside of functions."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def described(error: BaseException) -> str:
    """The exception and its place, such as `ValueError: depth must be odd (nets.py, line 12)`."""
    text = f"{type(error).__name__}: {_first_line(error)}".removesuffix(": ")
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({Path(error.filename).name}, line {error.lineno})"
    place = place_of(error)
    return f"{text} ({place})" if place else text


def place_of(error: BaseException) -> str:
    """File and line of the innermost frame outside of installed packages and of Python itself; else ""."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename)]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


def _is_users(filename: str) -> bool:
    path = Path(filename)
    inside = (Path(__file__).parent.parent, Path(sys.base_prefix), Path(sys.prefix))
    return (
        path.is_absolute()
        and not any(part in _INSTALLED for part in path.parts)
        and not any(path.is_relative_to(folder) for folder in inside)
    )


def _first_line(error: BaseException, limit: int = 300) -> str:
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return line if len(line) <= limit else line[:limit] + " …"
