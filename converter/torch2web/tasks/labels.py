"""Reads names of classes from lists, and from objects from index to name or from name to index."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NAME_TO_INDEX = ("class_to_idx", "label2id", "class_to_index")
"""Keys under which training code saves objects from name to index."""
INDEX_TO_NAME = ("idx_to_class", "id2label", "index_to_class")
"""Keys of objects from index to name."""
LISTS = ("classes", "class_names", "label_names", "labels", "categories", "names", "classes_")
"""Keys of lists in the order of the outputs; some are objects of either kind. classes_: LabelEncoder."""

EXPECTED_LABELS = 'one name a line, or JSON: ["cat", "dog"], {"0": "cat", "1": "dog"} or {"cat": 0, "dog": 1}'


def labels_of(content: Any, key: str = "") -> tuple[str, ...]:
    """The names in a list or an object that stands under `key`, in the order of the outputs.

    A larger object, such as Hugging Face's config.json, is looked through for the usual keys. Raises
    ValueError, which says what was expected.
    """
    if isinstance(content, Mapping):
        for inner in (*INDEX_TO_NAME, *NAME_TO_INDEX, *LISTS):
            if isinstance(content.get(inner), Mapping | list):
                return labels_of(content[inner], inner)
        content = _in_order(content, key)
    if not isinstance(content, list | tuple) or not content:
        raise ValueError(f"expected {EXPECTED_LABELS}")
    names = tuple(_name(entry) for entry in content)
    for index, name in enumerate(names):
        if not name:
            raise ValueError(f"found {_shown(content[index])} for class {index}, expected a name")
    return names


def _in_order(content: Mapping[Any, Any], key: str) -> Sequence[Any]:
    """The names of an object, by index."""
    names = {int(index): name for index, name in content.items() if str(index).isdecimal()}
    inverse = {value: name for name, value in content.items()} if _are_indices(content.values()) else {}
    # Names may be numbers, such as those of digits: then the key tells, or which of both are complete.
    if inverse and (key in NAME_TO_INDEX or not _is_complete(names, content)):
        names = inverse
    if not names or (len(names) < len(content) and not inverse):
        raise ValueError(
            f"found an object with the keys {_shown(list(content)[:4])}, expected {EXPECTED_LABELS}"
        )
    missing = [index for index in range(len(content)) if index not in names]
    if missing:
        found = ", ".join(map(str, sorted(names)[:6]))
        raise ValueError(
            f"found {len(content)} names for the indices {found} …, "
            f"expected each from 0 to {len(content) - 1}; {missing[0]} is missing"
        )
    return [names[index] for index in range(len(content))]


def _is_complete(names: Mapping[int, Any], content: Mapping[Any, Any]) -> bool:
    return sorted(names) == list(range(len(content)))


def _are_indices(values: Iterable[Any]) -> bool:
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
