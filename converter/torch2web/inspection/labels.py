"""Reads files of the names of classes: text, one a line, and JSON."""

import json
from pathlib import Path

from torch2web.errors import OptionError, TextEncodingError
from torch2web.tasks import EXPECTED_LABELS, labels_of
from torch2web.text_files import read_text

_OPTION = "--labels-file"


def labels_in_file(path: Path) -> tuple[str, ...]:
    """The names in the file at `path`, in the order of the outputs. Raises OptionError."""
    try:
        text = read_text(path)
    except FileNotFoundError as error:
        raise OptionError(_OPTION, f"{path}: there is no such file") from error
    except TextEncodingError as error:
        raise OptionError(_OPTION, str(error)) from error
    except OSError as error:
        raise OptionError(_OPTION, f"{path}: it cannot be read: {error.strerror or error}") from error
    if path.suffix.lower() == ".json" or text.lstrip()[:1] in ("[", "{"):
        try:
            content = json.loads(text)
        except ValueError as error:
            raise OptionError(_OPTION, f"{path}: it is not valid JSON: {error}") from error
        except RecursionError as error:
            raise OptionError(_OPTION, f"{path}: its JSON is nested too deeply") from error
        try:
            return labels_of(content)
        except ValueError as error:
            raise OptionError(_OPTION, f"{path}: {error}") from error
    lines = [line.strip() for line in text.rstrip().splitlines()]
    if not any(lines):
        raise OptionError(_OPTION, f"{path}: it is empty, expected {EXPECTED_LABELS}")
    if "" in lines:
        index = lines.index("")
        problem = f"line {index + 1} is empty, expected the name of class {index} (classes count from 0)"
        raise OptionError(_OPTION, f"{path}: {problem}")
    return tuple(lines)
