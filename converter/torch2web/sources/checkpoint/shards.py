"""Checkpoints in several files, as Hugging Face saves large ones: an index names the file of each tensor."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from torch2web.errors import CheckpointError
from torch2web.sources.checkpoint.contents import Checkpoint, StateDict
from torch2web.sources.checkpoint.formats import Format

_SHARD = re.compile(r"(?P<base>.+)-\d{5}-of-(?P<count>\d{5})(?P<ending>\.\w+)")


def require_no_shard(path: Path) -> None:
    """Raise CheckpointError for one of several files, by its name."""
    found = _SHARD.fullmatch(path.name)
    if found and int(found["count"]) > 1:
        index = f"{found['base']}{found['ending']}.index.json"
        problem = f"it is one of the {int(found['count'])} files of a checkpoint"
        raise CheckpointError(path, problem, f"Build from {index} beside it, which names them all.")


def read_shards(path: Path, read: Callable[[Path], Checkpoint]) -> Checkpoint:
    """The state dict whose files the index at `path` names; `read` reads one of them.

    Raises CheckpointError for an index of another form, for a file that is missing or not beside it, and for
    a tensor that its file does not have.
    """
    places = _places(path)
    missing = sorted({name for name in places.values() if not (path.parent / name).is_file()})
    if missing:
        shown = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
        advice = "Put all files of the checkpoint into one folder."
        raise CheckpointError(path, f"files that it names are missing: {shown}", advice)
    files = {name: _only_state(read(path.parent / name)) for name in sorted(set(places.values()))}
    lacking = [key for key, name in places.items() if key not in files[name]]
    if lacking:
        problem = f"{places[lacking[0]]} has no tensor {lacking[0]}, which the index says it has"
        raise CheckpointError(path, problem, "Download the files again, all of one version.")
    state = StateDict({key: files[name][key] for key, name in places.items()})
    return Checkpoint(path, Format.SHARD_INDEX, {"": state}, {})


def _places(path: Path) -> Mapping[str, str]:
    """File names by tensor."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(path, f"it is not valid JSON: {error}") from error
    places = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(places, dict) or not places:
        raise CheckpointError(path, 'it has no "weight_map" from tensors to files')
    for name in places.values():
        if not isinstance(name, str) or name in ("", ".", "..") or re.search(r"[/\\\0]", name):
            problem = f"it names the file {name!r}, expected names of files beside it"
            raise CheckpointError(path, problem, "No other file was read.")
    return places


def _only_state(checkpoint: Checkpoint) -> StateDict:
    if "" not in checkpoint.states:
        found = ", ".join(checkpoint.states)
        raise CheckpointError(checkpoint.path, f"it has state dicts under {found}, expected tensors alone")
    return checkpoint.states[""]
