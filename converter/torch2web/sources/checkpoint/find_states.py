"""Finds the state dicts in the records of a checkpoint, at any depth that people save them at."""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from torch2web.sources.checkpoint.contents import StateDict
from torch2web.sources.checkpoint.pickled import from_array
from torch2web.sources.checkpoint.values import ArrayRef, Global, Mapped, Opaque, TensorRef, Unsupported

_MAX_DEPTH = 6
_MAX_NODES = 20_000
_SKIPPED = frozenset(
    [
        "optim",
        "optimizer",
        "optimizers",
        "opt",
        "sched",
        "scheduler",
        "schedulers",
        "scaler",
        "rng",
        "sampler",
        "loops",
        "amp",
    ]
)
"""Words in keys of the state of the training, which has tensors as well: moments, random states."""


def find_states(content: object, read: Callable[[TensorRef], Tensor]) -> dict[str, StateDict]:
    """State dicts by key path; floating point becomes float32."""
    found: dict[str, StateDict] = {}
    # One tensor for entries that share one. References are kept: ids of values that are gone are used again.
    cache: dict[int, tuple[TensorRef, Tensor]] = {}

    def once(ref: TensorRef) -> Tensor:
        if id(ref) not in cache:
            tensor = read(ref)
            cache[id(ref)] = ref, tensor.to(torch.float32) if tensor.is_floating_point() else tensor
        return cache[id(ref)][1]

    for path, entries in _dicts(content):
        tensors: dict[str, Tensor] = {}
        foreign: dict[str, float | str] = {}
        for key, value in entries.items():
            if isinstance(key, str):
                _sort(key, value, once, tensors, foreign)
        if any(tensor.ndim > 1 for tensor in tensors.values()):  # else scores, class weights, random states
            found[path] = StateDict(tensors, _metadata(entries), foreign)
    return found


def _sort(
    key: str,
    value: object,
    read: Callable[[TensorRef], Tensor],
    tensors: dict[str, Tensor],
    foreign: dict[str, float | str],
) -> None:
    value = from_array(value) if isinstance(value, ArrayRef) else value
    if isinstance(value, TensorRef):
        tensors[key] = read(value)
    else:
        foreign[key] = value if isinstance(value, bool | int | float) else describe(value)


def describe(value: object) -> str:
    """A value of the records in words: "a sparse tensor", "an int", "a list", "an object of pkg.Class"."""
    if isinstance(value, Unsupported):
        return value.kind
    if isinstance(value, TensorRef):
        return "a Tensor"
    if isinstance(value, Opaque):
        return f"an object of {value.path}"
    if isinstance(value, Global):
        return f"the class or function {value.path}"
    if isinstance(value, ArrayRef):
        return "a NumPy array"
    if value is None:
        return "None"
    name = "dict" if isinstance(value, Mapped) else type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _dicts(content: object) -> Iterator[tuple[str, Mapping[object, object]]]:
    """Dicts, and attributes of objects, by key path, outer ones first; each once."""
    pending = [("", content, 0)]
    seen: set[int] = set()
    while pending:
        path, value, depth = pending.pop(0)
        entries = _entries(value)
        if entries is None or id(entries) in seen or len(seen) > _MAX_NODES:
            continue
        seen.add(id(entries))
        yield path, entries
        if depth < _MAX_DEPTH:
            pending += [
                (f"{path}.{key}" if path else str(key), inner, depth + 1)
                for key, inner in entries.items()
                if isinstance(key, str | int)
                and isinstance(inner, dict | list | tuple | Opaque)
                and _SKIPPED.isdisjoint(str(key).lower().split("_"))
            ]


def _entries(value: object) -> Mapping[object, object] | None:
    if isinstance(value, list | tuple):
        return dict(enumerate(value)) if 0 < len(value) <= 16 else None
    if isinstance(value, Opaque):
        return None if is_module(value) else value.as_mapping()
    return value if isinstance(value, dict) else None


def is_module(value: Opaque) -> bool:
    """Whether it is a pickled nn.Module, by its attributes."""
    return {"_modules", "_parameters"} <= value.as_mapping().keys()


def pickled_module(content: object) -> tuple[str, str] | None:
    """Key path and class of the first pickled nn.Module in the records."""
    if isinstance(content, Opaque) and is_module(content):
        return "", content.path
    for path, entries in _dicts(content):
        for key, value in entries.items():
            if isinstance(value, Opaque) and is_module(value):
                return f"{path}.{key}" if path else str(key), value.path
    return None


def _metadata(entries: Mapping[object, object]) -> dict[str, dict[str, object]] | None:
    found = entries.attributes.get("_metadata") if isinstance(entries, Mapped) else None
    if not isinstance(found, dict):
        return None
    return {
        name: {
            key: value for key, value in versions.items() if isinstance(key, str) and isinstance(value, int)
        }
        for name, versions in found.items()
        if isinstance(name, str) and isinstance(versions, dict)
    }
