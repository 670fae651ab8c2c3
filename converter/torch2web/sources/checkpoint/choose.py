"""Chooses the state dict of a checkpoint that fits a network, and says what was chosen and left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from torch2web.errors import CheckpointError, StateDictError
from torch2web.sources.checkpoint.contents import Checkpoint, ChosenState, StateDict, state_name
from torch2web.sources.checkpoint.fit import (
    Differences,
    Renamed,
    compare,
    complete,
    rename,
)
from torch2web.sources.checkpoint.prefixes import (
    JUNK,
    is_averaged,
    is_counter,
    prefixes,
    without_wrapper_parts,
    without_wrappers,
)

_MAX_PREFIXES = 8
"""Prefixes of one state dict that are compared with the network."""
_MAX_SHOWN = 5
_ORDER = ("", "state_dict", "model_state_dict", "model", "net", "module")
"""Keys of raw weights; any others come after these."""


@dataclass(frozen=True)
class _Candidate:
    key: str
    prefix: str
    renamed: Renamed
    metadata: Mapping[str, dict[str, object]] | None
    differences: Differences

    @property
    def name(self) -> str:
        return state_name(self.key, self.prefix)

    @property
    def averaged(self) -> bool:
        return is_averaged(self.name) or any(key.endswith("n_averaged") for key in self.renamed.beside)

    def rank(self) -> tuple[bool, int, int, str]:
        known = _ORDER.index(self.key) if self.key in _ORDER else len(_ORDER) + self.key.count(".")
        return self.averaged, known, len(self.prefix), self.name

    def __str__(self) -> str:
        return f"{self.name or '(bare)'} ({'averaged' if self.averaged else 'raw'})"


def choose_state(
    checkpoint: Checkpoint, expected: Mapping[str, Tensor], name: str, weights_key: str = ""
) -> ChosenState:
    """The state dict of `checkpoint` that fits the network `name`, whose state dict is `expected`.

    `expected` may be on `meta`: names, shapes and dtypes count. `weights_key` names one of several that fit:
    a key of Checkpoint.states, with or without the prefix. Where raw weights and their average (EMA, SWA)
    fit, the raw ones are taken. Raises CheckpointError, or StateDictError with the differences of the closest
    one.
    """
    candidates = list(_candidates(checkpoint.states, expected))
    if weights_key:
        named = [it for it in candidates if weights_key in (it.key, it.name, it.prefix.rstrip("."))]
        candidates = named or _unknown(checkpoint, weights_key)
    fitting = sorted((it for it in candidates if it.differences.fits()), key=_Candidate.rank)
    if not fitting:
        raise _misfit(checkpoint, name, candidates)
    chosen, others = fitting[0], _distinct(fitting)
    state = complete(checkpoint.path, expected, chosen.renamed, _metadata(chosen, expected))
    dropped = _dropped(chosen, expected)
    alternatives = tuple(it.name for it in others)
    return ChosenState(
        state,
        chosen.key,
        chosen.prefix,
        dropped,
        alternatives,
        tuple(_notes(chosen, dropped, others, checkpoint)),
    )


def _misfit(checkpoint: Checkpoint, name: str, candidates: Sequence[_Candidate]) -> StateDictError:
    """The differences of the closest candidate."""
    closest = min(candidates, key=lambda it: (-it.differences.matched, -len(it.renamed.tensors), it.rank()))
    found = closest.differences
    return StateDictError(
        checkpoint.path, name, found.missing, found.unexpected, found.misshaped, closest.name
    )


def _candidates(states: Mapping[str, StateDict], expected: Mapping[str, Tensor]) -> Iterator[_Candidate]:
    for key, state in states.items():
        found = prefixes(expected, (*state, *state.foreign))[:_MAX_PREFIXES] or [("", 0)]
        made = [_candidate(key, prefix, state, None, expected) for prefix, _ in found]
        if not any(it.differences.fits() for it in made) and (
            names := without_wrappers((*state, *state.foreign))
        ):
            renamed = prefixes(expected, names)[:_MAX_PREFIXES]
            made += [_candidate(key, prefix, state, names, expected) for prefix, _ in renamed]
        yield from made


def _candidate(
    key: str, prefix: str, state: StateDict, names: Mapping[str, str] | None, expected: Mapping[str, Tensor]
) -> _Candidate:
    renamed = rename(state, prefix, names)
    metadata = None
    if state.metadata is not None:
        metadata = {
            f"{module}.".removeprefix(prefix).rstrip("."): versions
            for module, versions in _modules(state.metadata, wrapped=names is not None)
            if f"{module}.".startswith(prefix) or not prefix
        }
    return _Candidate(key, prefix, renamed, metadata, compare(expected, renamed))


def _modules(
    metadata: Mapping[str, dict[str, object]], *, wrapped: bool
) -> Iterator[tuple[str, dict[str, object]]]:
    for module, versions in metadata.items():
        yield without_wrapper_parts(module) if wrapped else module, versions


def _metadata(chosen: _Candidate, expected: Mapping[str, Tensor]) -> Mapping[str, dict[str, object]] | None:
    """Versions of the modules: the file's, else the network's own, as the state has its keys and shapes."""
    own = getattr(expected, "_metadata", None)
    own = own if isinstance(own, dict) else {}
    return {**own, **(chosen.metadata or {})} or None


def _distinct(fitting: Sequence[_Candidate]) -> list[_Candidate]:
    """The candidates after the first, without those that hold the same tensors as one before."""
    seen: list[Mapping[str, Tensor]] = []
    distinct = []
    for candidate in fitting:
        tensors = candidate.renamed.tensors
        if not any(all(tensors.get(key) is value for key, value in other.items()) for other in seen):
            distinct.append(candidate)
        seen.append(tensors)
    return distinct[1:]


def _dropped(chosen: _Candidate, expected: Mapping[str, Tensor]) -> tuple[str, ...]:
    inside = [
        chosen.prefix + key
        for key in (*chosen.renamed.tensors, *chosen.renamed.foreign)
        if key not in expected
    ]
    return (*inside, *chosen.renamed.beside)


def _notes(
    chosen: _Candidate, dropped: Sequence[str], others: Sequence[_Candidate], checkpoint: Checkpoint
) -> Iterator[str]:
    where = f"under {chosen.name!r}" if chosen.name else "of the bare state dict"
    if others:
        kind, listed = "averaged" if chosen.averaged else "raw", ", ".join(map(str, others))
        yield (
            f"Took the {kind} weights {where}; these fit as well: {listed}. "
            f"To take others: --weights-key {others[0].name!r}."
        )
    elif chosen.averaged:
        yield f"Took the averaged weights (EMA or SWA) {where}: the file has no others that fit."
    junk = [key for key in dropped if key.rpartition(".")[2] in JUNK]
    if junk:
        yield f"Dropped {len(junk)} counters of thop: {_listed(junk)}."
    tensors = checkpoint.states[chosen.key]
    rest = [
        key
        for key in dropped
        if key in tensors and key not in junk and not is_counter(key) and not key.endswith("n_averaged")
    ]
    if rest:
        yield f"Dropped {len(rest)} tensors that the network does not have: {_listed(rest)}."


def _listed(keys: Sequence[str]) -> str:
    more = f", … {len(keys) - _MAX_SHOWN} more" if len(keys) > _MAX_SHOWN else ""
    return ", ".join(keys[:_MAX_SHOWN]) + more


def _unknown(checkpoint: Checkpoint, weights_key: str) -> list[_Candidate]:
    has = ", ".join(repr(key) for key in checkpoint.states)
    problem = f"it has no weights under {weights_key!r}; it has state dicts under {has}"
    raise CheckpointError(checkpoint.path, problem, "Give one of these to --weights-key.")
