"""Records beside the weights as plain data, in the types that JSON has."""

import math
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from torch2web.sources.checkpoint.pickled import array_of
from torch2web.sources.checkpoint.values import ArrayRef, DamagedError, Global, Opaque, TensorRef

_MAX_DEPTH = 10
_MAX_NODES = 50_000
"""Of each value of the outermost dict; larger ones are left out. ImageNet's classes are 1,000, in two
dicts."""
_MAX_ELEMENTS = 64
"""Of tensors and arrays, such as the mean of a normalisation."""
_MAX_TEXT = 100_000

_WEIGHTS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")

OMITTED = object()
"""A value that has no plain form."""


class _TooLargeError(Exception):
    pass


def plain_values(content: object, read: Callable[[TensorRef], Tensor]) -> dict[str, object]:
    """The entries of the outermost dict that are no weights."""
    entries = content.as_mapping() if isinstance(content, Opaque) else content
    if not isinstance(entries, dict):
        return {}
    plain: dict[str, object] = {}
    for key, value in _without_weights(entries).items():
        if isinstance(key, str | int):
            try:
                found = _Plain(read).of(value)
            except _TooLargeError:
                continue
            if found is not OMITTED and found != {}:
                plain[str(key)] = found
    return plain


def _without_weights(entries: Mapping[object, object]) -> Mapping[object, object]:
    """`entries` without the tensors of a state dict; small tensors beside others are values."""
    if not any(_is_weight(key, value) for key, value in entries.items()):
        return entries
    return {key: value for key, value in entries.items() if not isinstance(value, TensorRef | ArrayRef)}


def _is_weight(key: object, value: object) -> bool:
    if not isinstance(value, TensorRef | ArrayRef):
        return False
    large = len(value.shape) > 1 and math.prod(value.shape) > _MAX_ELEMENTS
    return large or str(key).rpartition(".")[2] in _WEIGHTS


class _Plain:
    def __init__(self, read: Callable[[TensorRef], Tensor]) -> None:
        self._read, self._nodes = read, 0

    def of(self, value: object, depth: int = 0) -> object:
        self._nodes += 1
        if depth > _MAX_DEPTH or self._nodes > _MAX_NODES:
            raise _TooLargeError
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return value if len(value) <= _MAX_TEXT else OMITTED
        if isinstance(value, Global):
            return value.path
        if isinstance(value, dict):
            return self._dict(value, depth)
        if isinstance(value, set | frozenset):
            return self._list(sorted(value, key=_order), depth)
        if isinstance(value, list | tuple):
            return self._list(value, depth)
        if isinstance(value, Opaque):
            return self._object(value, depth)
        return self._array(value, depth)

    def _list(self, value: Sequence[object], depth: int) -> object:
        """Left out as a whole where one element has no plain form: its order may be that of the outputs."""
        plain = [self.of(item, depth + 1) for item in value]
        return OMITTED if any(item is OMITTED for item in plain) else plain

    def _dict(self, value: Mapping[object, object], depth: int) -> object:
        plain = {
            _name(key): self.of(item, depth + 1)
            for key, item in _without_weights(value).items()
            if isinstance(key, str | int | float | bool | Global)
        }
        kept = {key: item for key, item in plain.items() if item is not OMITTED}
        return kept if kept or not value else OMITTED

    def _object(self, value: Opaque, depth: int) -> object:
        """A namespace or configuration as a dict; an enumeration as its value; anything else is left out."""
        attributes = value.as_mapping()
        if value.path.startswith("omegaconf."):
            inner = attributes.get("_content", attributes.get("_val", OMITTED))
            return self.of(inner, depth + 1) if inner is not OMITTED else OMITTED
        if attributes:
            return self._dict(attributes, depth)
        if value.items:
            return self.of(value.items, depth)
        if len(value.args) == 1 and isinstance(value.args[0], str | int | float):
            return self.of(value.args[0], depth)
        return OMITTED

    def _array(self, value: object, depth: int) -> object:
        try:
            if isinstance(value, TensorRef) and math.prod(value.shape) <= _MAX_ELEMENTS:
                return self.of(self._read(value).tolist(), depth)
            if isinstance(value, ArrayRef) and value.objects is not None:
                return self._list(value.objects, depth) if len(value.shape) == 1 else OMITTED
            if isinstance(value, ArrayRef) and value.dtype and value.dtype.code[0] in "US":
                return self._list(array_of(value).tolist(), depth)
            if isinstance(value, ArrayRef) and math.prod(value.shape) <= _MAX_ELEMENTS:
                return self.of(array_of(value).tolist(), depth)
        except DamagedError:
            pass
        return OMITTED


def _order(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _name(key: object) -> str:
    return key.path if isinstance(key, Global) else str(key)
