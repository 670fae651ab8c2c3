"""Reads the state dict in a checkpoint.

Pickles are read with `weights_only=True`: a file that needs more than tensors and plain containers is refused
before any of its code is executed.
"""

import contextlib
import pickletools
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from torch2web.errors import CheckpointError

_WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts store the state dict, next to optimizer state and epoch."""
_PREFIXES = ("module.", "_orig_mod.")
"""Key prefixes added by DataParallel and torch.compile."""
_ADVICE = "Save it with torch.save(model.state_dict(), path), or as .safetensors."


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read the state dict in `path`: bare, or under `state_dict`, `model_state_dict` or `model`.

    Removes the key prefixes of DataParallel and torch.compile. Raises CheckpointError.
    """
    _require_checkpoint_file(path)
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    state = _find_state_dict(path, content)
    while prefix := next(
        (prefix for prefix in _PREFIXES if all(key.startswith(prefix) for key in state)), ""
    ):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _require_checkpoint_file(path: Path) -> None:
    """Raise CheckpointError for a file that is missing, empty, an LFS pointer or a web page."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError as error:
        raise CheckpointError(path, "there is no such file") from error
    except OSError as error:
        raise CheckpointError(path, f"it cannot be read: {error.strerror}") from error
    if not head:
        raise CheckpointError(path, "it is empty (0 bytes)", "Copy or download the checkpoint again.")
    if head.startswith(b"version https://git-lfs"):
        raise CheckpointError(path, "it is a Git LFS pointer, not the checkpoint", "Run: git lfs pull")
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml)", head, re.IGNORECASE):
        problem = "it is an HTML or XML page, not a checkpoint"
        raise CheckpointError(path, problem, "The download returned a web page; download the file itself.")


def _read_safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(path, f"it is not a valid .safetensors file: {error}") from error


def _read_pickle(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a malformed file raises below
            return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # the unpickler raises arbitrary exceptions for damaged files
        if name := _imported_name(path, str(error)):
            problem = f"it was refused: loading it would execute {name}"
            advice = f"A pickle can execute arbitrary code; none of it was executed. {_ADVICE}"
            raise CheckpointError(path, problem, advice) from error
        if "TorchScript" in str(error) or "torch.jit" in str(error):
            raise CheckpointError(path, "it is a TorchScript archive, not a state dict", _ADVICE) from error
        raise CheckpointError(path, _unreadable(path), _ADVICE) from error


def _imported_name(path: Path, refusal: str) -> str:
    """The global that a pickle imports, from torch's message or else from its first opcodes; else ""."""
    if named := re.search(r"GLOBAL ([\w.]+)|global ([\w.]+) was", refusal, re.IGNORECASE):
        return named[1] or named[2]
    with path.open("rb") as file:
        start = file.read(4096)
    texts: list[str] = []
    with contextlib.suppress(Exception):  # the opcodes after the import are not needed
        for opcode, argument, _ in pickletools.genops(start):
            if opcode.name == "GLOBAL":
                return str(argument).replace(" ", ".")
            if opcode.name == "STACK_GLOBAL":
                return ".".join(texts[-2:])
            if isinstance(argument, str):
                texts.append(argument)
    return ""


def _unreadable(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        return f"it is truncated or damaged ({size:,} bytes of a PyTorch archive, incomplete)"
    if start.startswith(b"\x80"):
        return f"it is truncated or damaged ({size:,} bytes of a pickle, incomplete)"
    return f"it is not a PyTorch checkpoint ({size:,} bytes, starting with {start!r})"


def _find_state_dict(path: Path, content: object) -> dict[str, Tensor]:
    candidates = [content]
    if isinstance(content, Mapping):
        candidates += [content[key] for key in _WRAPPERS if key in content]
    for candidate in candidates:
        if isinstance(candidate, Mapping) and candidate and all(map(_is_entry, candidate.items())):
            return dict(candidate)
    if isinstance(content, Mapping):
        found = (
            f"a dict with the keys {', '.join(map(str, list(content)[:8]))}" if content else "an empty dict"
        )
    else:
        found = f"a {type(content).__name__}"
    problem = f"found {found}, expected a state dict, bare or under one of {', '.join(_WRAPPERS)}"
    raise CheckpointError(path, problem, _ADVICE)


def _is_entry(item: tuple[object, object]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)
