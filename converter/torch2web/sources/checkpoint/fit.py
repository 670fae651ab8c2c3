"""Fits a state dict to a network: the same keys, shapes and kinds of dtype, or an error that names the
differences."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint.contents import StateDict
from torch2web.sources.checkpoint.prefixes import harmless, is_counter


@dataclass(frozen=True)
class Differences:
    """Between a state dict, renamed to a network's keys, and the network."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    matched: int
    """Keys with the same shape in both."""

    harmless: bool
    """Whether the unexpected keys do not matter."""

    def fits(self) -> bool:
        return self.harmless and not self.missing and not self.misshaped


@dataclass(frozen=True)
class Renamed:
    """A part of a state dict under the names of the network."""

    tensors: Mapping[str, Tensor]
    foreign: Mapping[str, float | str]
    keys: Mapping[str, str]
    """Names → keys of the file."""
    beside: tuple[str, ...]
    """Keys of the file outside the part."""


def rename(state: StateDict, prefix: str, names: Mapping[str, str]) -> Renamed:
    """The entries of `state` below `prefix`; `names` maps names of its entries to their keys."""
    inside = {name.removeprefix(prefix): key for name, key in names.items() if name.startswith(prefix)}
    return Renamed(
        {name: state[key] for name, key in inside.items() if key in state},
        {name: state.foreign[key] for name, key in inside.items() if key in state.foreign},
        inside,
        tuple(key for name, key in names.items() if not name.startswith(prefix)),
    )


def compare(expected: Mapping[str, Tensor], found: Renamed) -> Differences:
    """Counters may lack: checkpoints from before PyTorch 0.4.1 have none, and a prediction does not use
    them.
    """
    present = {*found.tensors, *(key for key in found.foreign if key in expected)}
    misshaped = {
        key: (tuple(found.tensors[key].shape), tuple(value.shape))
        for key, value in expected.items()
        if key in found.tensors and not is_counter(key) and not _same_shape(found.tensors[key], value)
    }
    unexpected = {key: value for key, value in found.tensors.items() if key not in expected}
    needless = harmless(unexpected, expected)
    return Differences(
        tuple(key for key in expected if key not in present and not is_counter(key)),
        tuple(unexpected),
        misshaped,
        len(present & expected.keys()) - len(misshaped),
        len(needless) == len(unexpected),
    )


def _same_shape(found: Tensor, expected: Tensor) -> bool:
    """Shapes [] and [1] are taken for each other."""
    single = found.numel() == expected.numel() == 1 and max(found.ndim, expected.ndim) == 1
    return found.shape == expected.shape or single


def complete(
    path: Path,
    expected: Mapping[str, Tensor],
    found: Renamed,
    metadata: Mapping[str, dict[str, object]] | None,
) -> StateDict:
    """The state for `load_state_dict(strict=True, assign=True)`. Raises CheckpointError for other kinds of
    values.
    """
    tensors = {key: _value(path, key, value, found) for key, value in expected.items()}
    # load_state_dict writes into the metadata.
    return StateDict(
        tensors, {module: dict(versions) for module, versions in (metadata or {}).items()} or None
    )


def _value(path: Path, key: str, expected: Tensor, found: Renamed) -> Tensor:
    if is_counter(key):
        return _counter(expected, found.tensors.get(key))
    if key in found.foreign:
        number = found.foreign[key]
        if isinstance(number, str) or expected.numel() != 1:
            described = number if isinstance(number, str) else f"the number {number!r}"
            raise CheckpointError(
                path, f"{key} is {described}, expected a dense {_kind(expected)} tensor", _REPAIR
            )
        return torch.full(expected.shape, number, dtype=expected.dtype)
    value = found.tensors[key]
    if (converted := _converted(value, expected.dtype)) is None:
        problem = f"{key} is {value.dtype}, expected a dense {_kind(expected)} tensor"
        raise CheckpointError(path, problem, _REPAIR)
    return converted.reshape(expected.shape)


_REPAIR = "Save the trained weights, before quantisation: torch.save(model.state_dict(), path)."


def _counter(expected: Tensor, found: Tensor | None) -> Tensor:
    """Number of batches seen in training; half precision or a float may have made it inexact or infinite."""
    if found is None or found.numel() != 1 or not bool(torch.isfinite(found).all()):
        return torch.zeros(expected.shape, dtype=expected.dtype)
    return found.reshape(expected.shape).to(expected.dtype)


def _converted(value: Tensor, dtype: torch.dtype) -> Tensor | None:
    """`value` in `dtype`; None where that changes its kind. Whole numbers may be saved as floats, flags as
    bytes.
    """
    if dtype.is_complex or value.is_complex() or dtype.is_floating_point:
        same = value.is_complex() == dtype.is_complex and value.is_floating_point() == dtype.is_floating_point
        return value.to(dtype) if same else None
    converted = value.to(dtype)
    return converted if bool((converted.to(value.dtype) == value).all()) else None


def _kind(value: Tensor) -> str:
    return "complex" if value.is_complex() else "floating point" if value.is_floating_point() else "integer"
