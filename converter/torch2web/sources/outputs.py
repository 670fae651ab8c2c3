"""Chooses one output of a network that returns several, and makes it [batch, numbers]."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from torch2web.errors import ExportError
from torch2web.sources.user_code import described

_BATCH = 2
PREFERRED = ("logits", "out", "output", "pred", "probs", "probabilities")
"""Names of the output that is meant where none was chosen, the most likely first."""


@dataclass(frozen=True)
class Outputs:
    """A network with one output [batch, numbers]; `notes` say what was chosen and reshaped."""

    network: nn.Module
    notes: tuple[str, ...] = ()


class OneOutput(nn.Module):
    """`network` with the output `key` of several (None: it has one), flattened to [batch, numbers]."""

    def __init__(self, network: nn.Module, key: int | str | None, *, flatten: bool) -> None:
        super().__init__()
        self.network = network
        self.key = key
        self.flatten = flatten

    def forward(self, x: Tensor) -> Tensor:
        output = self.network(x)
        if self.key is not None:
            output = _entries(output)[self.key]
        if self.flatten:
            output = output.reshape(output.shape[0], -1)
        result: Tensor = output
        return result


def with_one_output(
    name: str, network: nn.Module, shape: tuple[int, int, int], wanted: int | str | None
) -> Outputs:
    """Run `network` once, on a batch of inputs of `shape`, and choose its output `wanted`.

    None takes the only output, else the one called logits, out or output, else the first. The network is
    returned as it is where nothing needs to be done. Raises ExportError with the model's `name` if the
    network cannot run, has no such output, or returns no vector for each image.
    """
    returned = _run(name, network, shape)
    notes: list[str] = []
    key: int | str | None = None
    output = returned
    if not isinstance(returned, Tensor) or wanted not in (None, 0):
        entries = _entries(returned)
        key = _choose(name, entries, wanted)
        output = entries[key]
        if len({id(value) for value in entries.values()}) > 1:
            how = "chosen" if wanted is not None else "others: output_name"
            notes.append(f"output {key!r} of {', '.join(map(repr, _names(entries)))} ({how})")
    if not isinstance(output, Tensor):
        raise ExportError(name, f"its output {key!r} is a {type(output).__name__}, expected a tensor")
    flatten = _needs_flattening(name, output)
    if flatten:
        notes.append(f"output {_text(output.shape)} is flattened to [batch, {output[0].numel()}]")
    if key is None and not flatten:
        return Outputs(network)
    return Outputs(OneOutput(network, key, flatten=flatten).eval(), tuple(notes))


def _run(name: str, network: nn.Module, shape: tuple[int, int, int]) -> Any:
    example = torch.linspace(-1, 1, _BATCH * shape[0] * shape[1] * shape[2]).reshape(_BATCH, *shape)
    try:
        with torch.no_grad():
            return network(example)
    except MemoryError:
        raise
    except Exception as error:
        problem = f"the network cannot run on inputs of {['batch', *shape]}"
        if _runs_alone(network, example):
            problem = "the network takes one image at a time, not a batch of two"
        where = module_of(network, error)
        inside = f" in its module {where}" if where else ""
        raise ExportError(name, f"{problem}: {described(error)}{inside}") from error


def _runs_alone(network: nn.Module, example: Tensor) -> bool:
    try:
        with torch.no_grad():
            network(example[:1])
    except Exception:  # noqa: BLE001 (any: the first error is the one reported)
        return False
    return True


def module_of(network: nn.Module, error: BaseException) -> str:
    """Dotted name of the innermost module of `network` whose code raised `error`; else ""."""
    names = {id(module): name for name, module in network.named_modules()}
    found, frame = "", error.__traceback__
    while frame is not None:
        owner = frame.tb_frame.f_locals.get("self")
        if isinstance(owner, nn.Module) and names.get(id(owner)):
            found = f"{names[id(owner)]} ({type(owner).__name__})"
        frame = frame.tb_next
    return found


def _entries(output: Any) -> dict[int | str, Any]:
    """Outputs by index, and by name where they have names."""
    if isinstance(output, Tensor):
        return {0: output}
    if isinstance(output, Mapping):
        named: dict[str, Any] = {str(key): value for key, value in output.items()}
    elif dataclasses.is_dataclass(output):
        named = {field.name: getattr(output, field.name) for field in dataclasses.fields(output)}
    elif isinstance(output, tuple) and hasattr(output, "_fields"):
        named = dict(zip(output._fields, output, strict=True))
    elif isinstance(output, Sequence):
        return dict(enumerate(output))
    else:
        return {}
    named = {key: value for key, value in named.items() if value is not None}
    entries: dict[int | str, Any] = dict(enumerate(named.values()))
    entries.update(named)
    return entries


def _names(entries: Mapping[int | str, Any]) -> list[int | str]:
    return [key for key in entries if isinstance(key, str)] or list(entries)


def _choose(name: str, entries: Mapping[int | str, Any], wanted: int | str | None) -> int | str:
    if not any(isinstance(value, Tensor) for value in entries.values()):
        raise ExportError(name, "the network returns no tensor")
    if wanted is not None:
        if wanted in entries:
            return wanted
        listed = ", ".join(map(repr, _names(entries)))
        raise ExportError(name, f"the network has no output {wanted!r}; output_name is one of {listed}")
    tensors = [key for key in _names(entries) if isinstance(entries[key], Tensor)]
    named = [key for key in PREFERRED if key in tensors]
    vectors = [key for key in tensors if is_vector(entries[key].shape)]
    return next(iter((*named, *vectors, *tensors)))


def is_vector(shape: Sequence[int]) -> bool:
    """Whether an output of this shape is one vector for each image: at most one dimension has a size."""
    return sum(size > 1 for size in shape[1:]) <= 1


def _needs_flattening(name: str, output: Tensor) -> bool:
    """Whether `output` is a vector for each image in another shape. Raises ExportError if it is none."""
    if not output.is_floating_point():
        problem = f"the network's output is {output.dtype}, expected floating point numbers"
        raise ExportError(name, f"{problem}: return its logits, not argmax")
    if output.ndim == 0 or output.shape[0] != _BATCH:
        problem = f"for two images the network returns {list(output.shape)}, expected [2, numbers]"
        raise ExportError(name, f"{problem}: dimension 0 must be the batch")
    require_vector(name, output.shape)
    return output.ndim != 2


def require_vector(name: str, shape: Sequence[int]) -> None:
    """Raise ExportError unless an output of `shape` is one vector for each image."""
    if not is_vector(shape):
        problem = f"the network's output is {_text(shape)}, expected one vector for each image"
        raise ExportError(name, f"{problem}, [batch, numbers]; maps and sequences are not supported")


def _text(shape: Sequence[int]) -> str:
    return f"[{', '.join(['batch', *map(str, shape[1:])])}]"
