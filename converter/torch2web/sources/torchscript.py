"""Loads TorchScript archives, made by `torch.jit.save`.

Loading one runs no Python, but TorchScript itself is a language: its code may write and map files
(`torch.save`, `torch.from_file`) and call operators of libraries. An archive whose code does is refused
before it is loaded.
"""

import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from torch2web.errors import CheckpointError
from torch2web.sources.user_code import described

_FORBIDDEN = re.compile(
    r"\b(?:torch|aten|prim)\.(save|from_file|load|_load\w*|rpc\w*|remote\w*|fork|wait)\s*\("
)
_LIBRARY = re.compile(r"\bops\.(\w+)\.\w+")
_LIBRARIES = ("aten", "prim", "prims", "torchvision")
_MAX_CODE = 64 * 2**20


def load_script(path: Path) -> nn.Module:
    """The network in the TorchScript archive `path`: eval mode, float32, CPU.

    Raises CheckpointError for a damaged archive, and for one whose code would touch files.
    """
    _require_harmless(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.jit is deprecated; the files remain
            load: Any = torch.jit.load  # untyped
            network: nn.Module = load(str(path), map_location="cpu")
            network = network.eval().float()
    except MemoryError:
        raise
    except Exception as error:
        raise CheckpointError(
            path, f"PyTorch cannot load this TorchScript archive: {described(error)}"
        ) from error
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network


def _require_harmless(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        codes = [entry for entry in archive.infolist() if entry.filename.endswith(".py")]
        if sum(entry.file_size for entry in codes) > _MAX_CODE:
            raise CheckpointError(path, "its code is larger than 64 MiB")
        for entry in codes:
            try:
                code = archive.read(entry).decode("utf-8", "replace")
            except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
                raise CheckpointError(path, f"it is a damaged archive: {error}") from error
            if found := _FORBIDDEN.search(code):
                problem = f"it was refused: running it would call torch.{found[1]}"
                raise CheckpointError(path, problem, "Nothing of it was executed.")
            for library in _LIBRARY.findall(code):
                if library not in _LIBRARIES:
                    problem = f"it needs operators of the library {library!r}, which ONNX does not have"
                    raise CheckpointError(path, problem)
