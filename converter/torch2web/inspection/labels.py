"""Reads names of classes: text, JSON lists, and JSON objects from index to name or from name to index."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch2web.errors import OptionError, TextEncodingError
from torch2web.text_files import read_text

_OPTION = "--labels-file"
_INSIDE = ("id2label", "class_to_idx", "label2id", "labels", "classes", "names")
"""Keys of larger objects, such as Hugging Face's config.json, that hold the names."""
_EXPECTED = 'one name a line, or JSON: ["cat", "dog"], {"0": "cat", "1": "dog"} or {"cat": 0, "dog": 1}'


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
        raise OptionError(_OPTION, f"{path}: it is empty, expected {_EXPECTED}")
    if "" in lines:
        problem = f"line {lines.index('') + 1} is empty, expected the name of class {lines.index('')}"
        raise OptionError(_OPTION, f"{path}: {problem}")
    return tuple(lines)


def labels_of(content: Any) -> tuple[str, ...]:
    """The names in a list or an object, in the order of the outputs. Raises ValueError."""
    if isinstance(content, Mapping):
        for key in _INSIDE:
            if isinstance(content.get(key), Mapping | list):
                return labels_of(content[key])
        content = _in_order(content)
    if not isinstance(content, list | tuple) or not content:
        raise ValueError(f"expected {_EXPECTED}")
    names = tuple(_name(entry) for entry in content)
    for index, name in enumerate(names):
        if not name:
            raise ValueError(f"found {_shown(content[index])} for class {index}, expected a name")
    return names


def _in_order(content: Mapping[str, Any]) -> Sequence[Any]:
    """The names of an object, by index."""
    by_index = {key: value for key, value in content.items() if str(key).isdecimal()}
    if len(by_index) < len(content):
        by_index = {value: key for key, value in content.items()} if _are_indices(content.values()) else {}
    if not by_index:
        raise ValueError(f"found an object with the keys {_shown(list(content)[:4])}, expected {_EXPECTED}")
    names = {int(index): name for index, name in by_index.items()}
    missing = [index for index in range(len(content)) if index not in names]
    if missing:
        found = ", ".join(map(str, sorted(names)[:6]))
        raise ValueError(
            f"found {len(content)} names for the indices {found} …, "
            f"expected each from 0 to {len(content) - 1}; {missing[0]} is missing"
        )
    return [names[index] for index in range(len(content))]


def _are_indices(values: Any) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in values)


def _name(entry: Any) -> str:
    """A name; of `["n01440764", "tench"]`, as lists of ImageNet have it, the last."""
    if isinstance(entry, list | tuple) and entry and all(isinstance(part, str) for part in entry):
        entry = entry[-1]
    if isinstance(entry, int | float) and not isinstance(entry, bool):
        entry = str(entry)
    return entry.strip() if isinstance(entry, str) else ""


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
