"""Builds networks and fills them with trained weights, without initialising what is replaced.

A network is first built on the device `meta`, where tensors have shapes and no data, which saves seconds and
memory. Whatever the state dict does not fill then lacks its data: non-persistent buffers, tensors that are
plain attributes, lazy layers. Such networks, and those that compute with values while they are built, are
built once more, on the CPU.
"""

import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from torch2web.errors import FactoryError
from torch2web.sources.user_code import described

Fit = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]
"""From the state dict that a network expects to the one that fills it; raises CheckpointError."""

_SEED = 0
_MAX_DEPTH = 6
"""Nesting of containers and objects in which tensors are looked for."""


@dataclass(frozen=True)
class Built:
    """A network with its weights: eval mode, float32, CPU, without gradients."""

    network: nn.Module
    on_meta: bool
    """Whether nothing was initialised in vain; else `reason` says why it was built on the CPU."""
    reason: str = ""


def build_filled(name: str, make: Callable[[], nn.Module], fit: Fit, shape: tuple[int, int, int]) -> Built:
    """Make a network, and fill it with what `fit` returns for its state dict.

    `name` is for errors; `shape` is that of one input: channels, height, width. The random states of Python,
    NumPy and torch are afterwards as before. Raises FactoryError, and what `fit` raises.
    """
    with _random_state_restored():
        network, reason = _on_meta(make)
        if network is not None:
            _fill(network, fit(network.state_dict()))
            reason = _lacks(network, shape)
            if not reason:
                return Built(_finished(network), on_meta=True)
            del network
        torch.manual_seed(_SEED)
        network = make()
        if any(is_lazy(tensor) for tensor in (*network.parameters(), *network.buffers())):
            _initialise_lazy(name, network, shape)
        _fill(network, fit(network.state_dict()))
        return Built(_finished(network), on_meta=False, reason=reason)


def compare_shapes(make: Callable[[], nn.Module], fit: Fit) -> None:
    """Call `fit` with the state dict that the network expects. A network with lazy layers has shapes only
    after a run: nothing is compared. Raises FactoryError, and what `fit` raises."""
    with _random_state_restored():
        network, _ = _on_meta(make)
        network = make() if network is None else network
        if not any(is_lazy(tensor) for tensor in (*network.parameters(), *network.buffers())):
            fit(network.state_dict())


def _on_meta(make: Callable[[], nn.Module]) -> tuple[nn.Module | None, str]:
    """The network without data; None, and the reason, if it cannot be built so."""
    try:
        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # copies into tensors without data do nothing, which is meant
            network = make()
    except FactoryError as error:  # on the CPU the same call may work, or else raise what is reported
        cause = error.__cause__
        return None, f"building it computes with values: {described(cause) if cause else error.problem}"
    if any(is_lazy(tensor) for tensor in (*network.parameters(), *network.buffers())):
        return None, "it has lazy layers"
    return network, ""


def _fill(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    network.load_state_dict(state, strict=True, assign=True)


def _finished(network: nn.Module) -> nn.Module:
    return network.float().eval().requires_grad_(requires_grad=False)


def _lacks(network: nn.Module, shape: tuple[int, int, int]) -> str:
    """What of a filled network has no data; else ""."""
    for name, module in network.named_modules():
        for key, value in vars(module).items():
            if key != "_modules" and _has_meta_tensor(value, set()):
                return f"{'.'.join(filter(None, (name, key.lstrip('_'))))} is not part of its state dict"
    try:  # finds tensors that functions hold, too
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network.eval()(torch.zeros(2, *shape))
    except Exception as error:  # noqa: BLE001 (any: the network on the CPU tells whether it is its own)
        return described(error)
    return ""


def _has_meta_tensor(value: object, seen: set[int], depth: int = 0) -> bool:
    if isinstance(value, Tensor):
        return value.is_meta
    if id(value) in seen or depth > _MAX_DEPTH or isinstance(value, (nn.Module, type, str, bytes)):
        return False  # modules are visited by themselves
    seen.add(id(value))
    inside: list[object] = []
    if isinstance(value, Mapping):
        inside += value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        inside += value
    elif callable(value) and (cells := getattr(value, "__closure__", None)):
        inside += [cell.cell_contents for cell in cells if _is_filled(cell)]
    else:
        inside += getattr(value, "__dict__", {}).values() if type(value).__module__ != "builtins" else ()
    return any(_has_meta_tensor(entry, seen, depth + 1) for entry in inside)


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 (raises for an empty cell)
    except ValueError:
        return False
    return True


def _initialise_lazy(name: str, network: nn.Module, shape: tuple[int, int, int]) -> None:
    """Run the network once, which gives lazy layers their shapes."""
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(2, *shape))
    except Exception as error:
        problem = f"it has lazy layers, and running it on an input of {list(shape)} raised {described(error)}"
        raise FactoryError(name, problem) from error


@contextmanager
def _random_state_restored() -> Iterator[None]:
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
