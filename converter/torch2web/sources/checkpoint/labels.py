"""The labels that training code has saved beside the weights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch2web.sources.checkpoint.contents import Checkpoint
from torch2web.tasks import INDEX_TO_NAME, LISTS, NAME_TO_INDEX, labels_of

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
    for keys in (NAME_TO_INDEX, INDEX_TO_NAME, LISTS):
        for key in keys:
            for name, path, value in found:
                if name == key and (labels := _labels(value, name)):
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


def _labels(value: object, key: str) -> tuple[str, ...]:
    """Empty for other things, which training code has many of under the same keys."""
    entries = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if not entries:
        return ()
    kinds = (str, int) if isinstance(value, dict) else (str,)
    if not any(all(type(entry) is kind for entry in entries) for kind in kinds):
        return ()
    is_by_name = isinstance(value, dict) and type(entries[0]) is int
    try:
        return labels_of(value, NAME_TO_INDEX[0] if is_by_name else key)
    except ValueError:
        return ()
