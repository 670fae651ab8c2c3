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
    replaced: bool
    """Whether averaged weights have taken the place of the raw ones."""

    @property
    def name(self) -> str:
        return state_name(self.key, self.prefix)

    @property
    def averaged(self) -> bool:
        counted = any(key.endswith("n_averaged") for key in self.renamed.beside)
        return counted or self.replaced or is_averaged(self.name)

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
        candidates = [it for it in candidates if weights_key in (it.key, it.name, it.prefix.rstrip("."))]
        if not candidates:
            raise _unknown(checkpoint, weights_key)
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
        keys = (*state, *state.foreign)
        as_saved = dict(zip(keys, keys, strict=True))
        bare = without_wrappers(keys) or as_saved
        for names in (as_saved, bare, _within(bare, expected)):
            found = prefixes(expected, names)[:_MAX_PREFIXES] or [("", 0)]
            made = [_candidate(key, prefix, states, names, expected) for prefix, _ in found]
            yield from made
            if any(it.differences.fits() for it in made):
                break


def _within(names: Mapping[str, str], expected: Mapping[str, Tensor]) -> Mapping[str, str]:
    """Longer names → keys, for a network that holds the one saved as a part: "conv" becomes "model.conv"."""
    votes = prefixes(names, expected)
    return {votes[0][0] + name: key for name, key in names.items()} if votes else {}


def _candidate(
    key: str,
    prefix: str,
    states: Mapping[str, StateDict],
    names: Mapping[str, str],
    expected: Mapping[str, Tensor],
) -> _Candidate:
    renamed = rename(states[key], prefix, names)
    # Lightning's WeightAveraging saves the average as state_dict and moves the raw weights.
    replaced = key == "state_dict" and "current_model_state" in states
    versions = _versions(states[key].metadata or {}, renamed.keys)
    return _Candidate(key, prefix, renamed, versions, compare(expected, renamed), replaced)


def _versions(
    metadata: Mapping[str, dict[str, object]], keys: Mapping[str, str]
) -> dict[str, dict[str, object]]:
    """The metadata of a part under the names of the network: modules are renamed as their entries are."""
    found: dict[str, dict[str, object]] = {}
    for name, key in keys.items():
        inner, outer = name, key
        while inner:
            inner, outer = inner.rpartition(".")[0], outer.rpartition(".")[0]
            if outer in metadata:
                found.setdefault(inner, metadata[outer])
    return found


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
    inside = (key for name, key in chosen.renamed.keys.items() if name not in expected)
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
    listed_already = {
        *junk,
        *(key for it in others if it.key == chosen.key for key in it.renamed.keys.values()),
    }
    rest = [
        key
        for key in dropped
        if key in tensors
        and key not in listed_already
        and not is_counter(key)
        and not key.endswith("n_averaged")
    ]
    if rest:
        yield f"Dropped {len(rest)} tensors that the network does not have: {_listed(rest)}."


def _listed(keys: Sequence[str]) -> str:
    more = f", … {len(keys) - _MAX_SHOWN} more" if len(keys) > _MAX_SHOWN else ""
    return ", ".join(keys[:_MAX_SHOWN]) + more


def _unknown(checkpoint: Checkpoint, weights_key: str) -> CheckpointError:
    has = ", ".join(repr(key) for key in checkpoint.states)
    problem = f"it has no weights under {weights_key!r}; it has state dicts under {has}"
    return CheckpointError(checkpoint.path, problem, "Give one of these to --weights-key.")
