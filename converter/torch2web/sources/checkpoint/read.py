"""Reads a checkpoint file of any supported format; nothing in it is executed (see pickled/machine.py)."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from torch2web.errors import CheckpointError, PickledModuleError
from torch2web.sources.checkpoint.contents import Checkpoint, StateDict
from torch2web.sources.checkpoint.find_states import describe, find_states, pickled_module
from torch2web.sources.checkpoint.formats import CHECKPOINTS, Format, detect_format
from torch2web.sources.checkpoint.pickled import (
    Constructors,
    PickledContent,
    PickleMachine,
    load_storage,
    persistent_storage,
    read_stream,
)
from torch2web.sources.checkpoint.plain import plain_values
from torch2web.sources.checkpoint.refusals import SAVE_STATE, refusal, truncated
from torch2web.sources.checkpoint.shards import read_shards, require_no_shard
from torch2web.sources.checkpoint.storages import TensorReader
from torch2web.sources.checkpoint.values import DamagedError, Mapped, Opaque, RefusedError, TensorRef
from torch2web.sources.checkpoint.zip_archive import open_archive

WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "ema",
    "ema_state_dict",
    "state_dict_ema",
    "model_ema",
)
"""Keys under which training scripts save state dicts; others are found as well."""


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the checkpoint at `path`.

    Raises CheckpointError for a file that is missing, damaged, hostile or of another format, and
    PickledModuleError for one that holds a whole module.
    """
    found = detect_format(path)
    if found is Format.SHARD_INDEX:
        return read_shards(path, _read_file)
    require_no_shard(path)
    return _read_file(path)


def _read_file(path: Path) -> Checkpoint:
    found = detect_format(path)
    if found not in CHECKPOINTS:
        raise refusal(path, found)
    try:
        if found is Format.SAFETENSORS:
            return _read_safetensors(path)
        return _read_pickled(path, found)
    except OSError as error:
        raise CheckpointError(path, f"it cannot be read: {error.strerror}") from error


def _read_safetensors(path: Path) -> Checkpoint:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: _float32(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118
            extra = {key: _parsed(value) for key, value in (file.metadata() or {}).items()}
    except SafetensorError as error:
        raise CheckpointError(
            path, f"it is not a valid .safetensors file: {error}", "Copy or download the checkpoint again."
        ) from error
    if not tensors:
        raise CheckpointError(path, "it has no tensors", SAVE_STATE)
    return Checkpoint(path, Format.SAFETENSORS, {"": StateDict(tensors)}, extra)


def _parsed(value: str) -> object:
    """Metadata of safetensors are strings; lists and dicts stand there as JSON."""
    if not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _float32(value: Tensor) -> Tensor:
    return value.to(torch.float32) if value.is_floating_point() else value


def _read_pickled(path: Path, found: Format) -> Checkpoint:
    kind = "a PyTorch archive" if found is Format.PYTORCH else "a pickle"
    try:
        with _pickled(path, found) as (pickled, reader):
            states = find_states(pickled.content, reader.tensor)
            if not states:
                raise _no_state(path, pickled.content)
            extra = plain_values(pickled.content, reader.tensor)
    except RefusedError as error:
        problem = f"it was refused: loading it would execute {error.name}"
        advice = f"A pickle can execute arbitrary code; none of it was executed. {SAVE_STATE}"
        raise CheckpointError(path, problem, advice) from error
    except DamagedError as error:
        raise truncated(path, kind, str(error)) from error
    return Checkpoint(path, found, states, extra, pickled.unread)


@contextmanager
def _pickled(path: Path, found: Format) -> Iterator[tuple[PickledContent, TensorReader]]:
    size = path.stat().st_size
    if found is not Format.PYTORCH:
        with path.open("rb") as file:
            pickled = read_stream(file, size)
            yield pickled, TensorReader(pickled.storage, size)
        return
    with open_archive(path) as archive:
        constructors = Constructors(load_storage)
        machine = PickleMachine(constructors.construct, persistent_storage)
        content = machine.run(io.BytesIO(archive.pickle()))
        pickled = PickledContent(content, archive.storage, tuple(sorted(constructors.unread)), True)
        yield pickled, TensorReader(archive.storage, size, swap=archive.is_big_endian())


def _no_state(path: Path, content: object) -> CheckpointError:
    if module := pickled_module(content):
        return PickledModuleError(path, *module)
    if isinstance(content, Mapped | dict) and content:
        found = f"a dict with the keys {', '.join(_shown(key) for key in list(content)[:8])}"
    elif isinstance(content, dict):
        found = "an empty dict"
    elif isinstance(content, list) and any(isinstance(value, TensorRef) for value in content):
        found = "a list of tensors without names"
    elif isinstance(content, Opaque):
        found = f"an object of {content.path}, which was not loaded"
    else:
        found = describe(content)
    problem = f"found {found}, expected a state dict, bare or under one of {', '.join(WRAPPERS)}"
    return CheckpointError(path, problem, SAVE_STATE)


def _shown(key: object) -> str:
    return str(key)[:40] if isinstance(key, str | int | float) else describe(key)
