"""Records of what a checkpoint holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from torch2web.sources.checkpoint.formats import Format


class StateDict(dict[str, Tensor]):
    """Tensors by name: floating point in float32, other dtypes as found, prefixes not removed."""

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        metadata: Mapping[str, dict[str, object]] | None = None,
        foreign: Mapping[str, float | str] | None = None,
    ) -> None:
        super().__init__(tensors)
        self._metadata = None if metadata is None else dict(metadata)
        """Versions of the modules by name, which load_state_dict reads; None where the file has none."""
        self.foreign: Mapping[str, float | str] = dict(foreign or {})
        """Entries beside the tensors: numbers, else a description such as "a sparse tensor"."""

    @property
    def metadata(self) -> dict[str, dict[str, object]] | None:
        return self._metadata


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint file, read without executing any of it."""

    path: Path
    format: Format
    states: Mapping[str, StateDict]
    """State dicts by their keys, joined by dots: "" for a bare one, "state_dict", "ema.module"."""
    extra: Mapping[str, object]
    """Values beside the weights in the types that JSON has: epoch, hyper_parameters, class_to_idx."""
    unread: tuple[str, ...] = ()
    """Classes of objects beside the weights that are kept as plain data or left out."""


@dataclass(frozen=True)
class ChosenState:
    """A state dict that fits a network."""

    state: StateDict
    """Complete for `load_state_dict(strict=True, assign=True)`: keys, dtypes and shapes of the network."""
    key: str
    """Where it stands in Checkpoint.states."""
    prefix: str
    """Removed from its keys, such as "module."."""
    dropped: tuple[str, ...]
    """Entries of the file's state dict that the network does not have."""
    alternatives: tuple[str, ...]
    """Others that fit: values of `weights_key`."""
    notes: tuple[str, ...]
    """Sentences for the output and the manifest; empty where nothing was to choose."""

    @property
    def name(self) -> str:
        """The value of `weights_key` that chooses it."""
        return state_name(self.key, self.prefix)


def state_name(key: str, prefix: str) -> str:
    """Keys and prefix joined by dots: ("state_dict", "ema.") → "state_dict.ema"."""
    return ".".join(part for part in (key, prefix.rstrip(".")) if part)
