"""Finds the network that weights belong to: built without data, by names and shapes of all its tensors."""

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from torch2web.architectures import load_architecture
from torch2web.errors import StateDictError, Torch2WebError
from torch2web.inspection.beside import CONFIG
from torch2web.inspection.facts import LikelyNetwork
from torch2web.inspection.families import Family, families_of
from torch2web.inspection.known_shapes import known_network

if TYPE_CHECKING:
    from torch import Tensor, nn

    from torch2web.sources.checkpoint import Checkpoint

_NAMES = ("arch", "model_name", "architecture", "model", "backbone", "encoder", "net", "network", "arch_name")
"""Keys under which training scripts save the name of the network."""
_MAX_DEPTH = 3
_NOT_BUILT = 10**6
"""Instead of the number of tensors that do not fit."""
_SIZE = 224
_OR_OWN = "or your own function, as --factory module:function"


@dataclass(frozen=True)
class _Candidate:
    option: str
    value: str
    build: "Callable[[int], nn.Module]"
    """Number of classes → network."""


def likely_networks(
    checkpoint: "Checkpoint", weights_key: str, outputs: int | None, hint: str = ""
) -> tuple[LikelyNetwork, ...]:
    """The networks that the weights fit, the most likely first; else the closest of their family, or none.

    `hint` is a name from a file beside.
    """
    names = [name for state in checkpoint.states.values() for name in (*state, *state.foreign)]
    named = list(dict.fromkeys([*([hint] if hint else []), *_names_in(checkpoint.extra)]))
    for candidate in _named(named):
        if not _misfit(candidate, checkpoint, weights_key, outputs):
            where = f"{CONFIG} beside it" if hint and hint in candidate.value else "the file"
            reason = f"{where} names it, and all names and shapes fit"
            return (LikelyNetwork(candidate.option, candidate.value, reason, certain=True),)
    closest: tuple[LikelyNetwork, ...] = ()
    for family in families_of(names):
        members = (*_torchvision(family.torchvision), *_own(family.own), *_timm(family.timm))
        misfits = [_misfit(member, checkpoint, weights_key, outputs) for member in members]
        fitting = [member for member, misfit in zip(members, misfits, strict=True) if not misfit]
        if fitting:
            return tuple(_fitting(family.name, fitting))
        if name := _known(family, checkpoint, weights_key, outputs):
            return (_without_torchvision(name),)
        if not closest:
            found = None if members else _not_installed(family)
            closest = (found or _closest(family.name, members, misfits),)
    return closest


def _known(family: Family, checkpoint: "Checkpoint", weights_key: str, outputs: int | None) -> str:
    """The network in torchvision that the weights fit, where torchvision cannot be imported; else ""."""
    if not family.torchvision or _optional(_import_torchvision) is not None:
        return ""
    for key, state in checkpoint.states.items():
        if not weights_key or key == weights_key:
            name = known_network({name: tuple(value.shape) for name, value in state.items()}, outputs)
            if name in family.torchvision.split():
                return name
    return ""


def _without_torchvision(name: str) -> LikelyNetwork:
    value = f"torchvision.models:{name}"
    reason = (
        f"looks like torchvision's {name}, in all names and shapes: {_to_install('torchvision')}, then "
        f"--factory {value}; {_OR_OWN}"
    )
    return LikelyNetwork("--factory", value, reason, certain=False)


def _not_installed(family: Family) -> LikelyNetwork | None:
    """The kind of network, where the package that has such networks cannot be imported."""
    package, names = ("torchvision", family.torchvision) if family.torchvision else ("timm", family.timm)
    if not names:
        return None
    shown = ", ".join(names.split()[:3])
    others = " or timm's" if family.torchvision and family.timm else ""
    reason = (
        f"the names look like {family.name}, one of {package}'s{others} ({shown} …): {_to_install(package)}, "
        f"then run this again; {_OR_OWN}"
    )
    return LikelyNetwork("--factory", "", reason, certain=False, fits=False)


def _to_install(package: str) -> str:
    if importlib.util.find_spec(package):
        return f"mend the installed {package}, which cannot be imported"
    return f"pip install {package}"


def _import_torchvision() -> Any:
    return importlib.import_module("torchvision.models")


def _fitting(family: str, members: Sequence[_Candidate]) -> Iterator[LikelyNetwork]:
    """Networks of the same names and shapes. This package's own and torchvision's compute the same."""
    others = [member.value for member in members if member.option == members[0].option][1:]
    if others:
        named = " and ".join((members[0].value, *others))
        reason = f"{named} have all its names and shapes, but may compute differently"
        yield LikelyNetwork(members[0].option, members[0].value, reason, certain=False, fits=False)
        return
    for member in members:
        reason = f"all names and shapes of {family} fit"
        yield LikelyNetwork(member.option, member.value, reason, certain=False)


def _closest(family: str, members: Sequence[_Candidate], misfits: Sequence[int]) -> LikelyNetwork:
    looks = f"the names look like {family}"
    if not members or min(misfits) >= _NOT_BUILT:
        return LikelyNetwork("--factory", "", looks, certain=False, fits=False)
    index = min(range(len(members)), key=misfits.__getitem__)
    tensors = "one tensor" if misfits[index] == 1 else f"{misfits[index]} tensors"
    member, reason = members[index], f"{looks}; {members[index].value} differs least, in {tensors}"
    return LikelyNetwork(member.option, member.value, reason, certain=False, fits=False)


def _misfit(candidate: _Candidate, checkpoint: "Checkpoint", weights_key: str, outputs: int | None) -> int:
    """How many tensors do not fit; 0 for a network that the weights belong to."""
    from torch2web.sources.checkpoint import choose_state

    try:
        expected = _expected(candidate, outputs or 1000)
        choose_state(checkpoint, expected, candidate.value, weights_key)
    except StateDictError as error:
        return len(error.missing) + len(error.unexpected) + len(error.misshaped)
    except Torch2WebError:
        return _NOT_BUILT
    except Exception:  # noqa: BLE001, whatever a foreign package raises: then it is not this network
        return _NOT_BUILT
    return 0


def _expected(candidate: _Candidate, outputs: int) -> "Mapping[str, Tensor]":
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with torch.device("meta"):
                return candidate.build(outputs).state_dict()
        except Exception:  # noqa: BLE001, networks that compute while they are built cannot be without data
            return candidate.build(outputs).state_dict()


def _names_in(values: Mapping[str, object], depth: int = 0) -> Iterator[str]:
    """Names of networks that the file holds beside its weights; outer ones first."""
    for key in _NAMES:
        if isinstance(name := values.get(key), str):
            yield name
    if depth < _MAX_DEPTH:
        for value in values.values():
            if isinstance(value, dict):
                yield from _names_in(value, depth + 1)


def _named(names: list[str]) -> Iterator[_Candidate]:
    for name in names:
        yield from _timm(name if " " not in name else "")
        yield from _torchvision(name.lower() if " " not in name else "")


def _own(name: str) -> Iterator[_Candidate]:
    if name:
        yield _Candidate(
            "--architecture", name, lambda outputs: load_architecture(name).build(outputs, _SIZE, _SIZE)
        )


def _torchvision(names: str) -> Iterator[_Candidate]:
    if not names or (models := _optional(_import_torchvision)) is None:
        return
    for name in names.split():
        if callable(function := getattr(models, name, None)):
            build = partial(_build_torchvision, function)
            yield _Candidate("--factory", f"torchvision.models:{name}", build)


def _build_torchvision(function: Any, outputs: int) -> "nn.Module":
    network: nn.Module = function(weights=None, num_classes=outputs)
    return network


def _timm(names: str) -> Iterator[_Candidate]:
    from torch2web.sources import import_timm  # imports torch, as timm does

    if not names or (timm := _optional(import_timm)) is None:
        return
    for name in names.split():
        if timm.is_model(name):
            yield _Candidate("--timm", name, partial(_build_timm, timm, name))


def _build_timm(timm: Any, name: str, outputs: int) -> "nn.Module":
    network: nn.Module = timm.create_model(name, num_classes=outputs)
    return network


def _optional(load: Callable[[], Any]) -> Any:
    try:
        return load()
    except Exception:  # noqa: BLE001, an optional package that is damaged is as good as none
        return None
