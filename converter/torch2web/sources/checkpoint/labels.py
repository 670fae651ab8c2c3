"""The labels that training code has saved beside the weights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch2web.sources.checkpoint.contents import Checkpoint

_NAMES = ("class_to_idx", "label2id", "class_to_index")
"""Dicts from label to index."""
_INDICES = ("idx_to_class", "id2label", "index_to_class")
"""Dicts from index to label."""
_LISTS = ("classes", "class_names", "label_names", "labels", "categories", "names", "classes_")
"""Lists, in the order of the outputs; some are dicts of either kind. classes_: LabelEncoder."""
_MAX_DEPTH = 4


@dataclass(frozen=True)
class FoundLabels:
    labels: tuple[str, ...]
    """In the order of the network's outputs."""
    origin: str
    """The key path that they stand under, such as "hyper_parameters.classes"."""


def labels_in(checkpoint: Checkpoint) -> FoundLabels | None:
    """The labels saved in `checkpoint`; None where there are none or they are no complete list."""
    found = list(_candidates(checkpoint.extra, ""))
    for keys in (_NAMES, _INDICES, _LISTS):
        for key in keys:
            for name, path, value in found:
                if name == key and (labels := _labels(value)):
                    return FoundLabels(labels, path)
    return None


def _candidates(values: Mapping[str, object], path: str, depth: int = 0) -> Iterator[tuple[str, str, object]]:
    """Entries by key, with their key paths; outer ones first."""
    for key, value in values.items():
        yield key, f"{path}{key}", value
    if depth < _MAX_DEPTH:
        for key, value in values.items():
            if isinstance(value, dict):
                yield from _candidates(value, f"{path}{key}.", depth + 1)


def _labels(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(value) if all(isinstance(label, str) for label in value) else ()
    if not isinstance(value, dict) or not value:
        return ()
    if all(type(index) is int for index in value.values()):
        by_index = {index: label for label, index in value.items()}
    elif all(isinstance(label, str) for label in value.values()) and all(key.isdecimal() for key in value):
        by_index = {int(key): label for key, label in value.items()}
    else:
        return ()
    if sorted(by_index) != list(range(len(value))):
        return ()
    return tuple(by_index[index] for index in range(len(value)))
