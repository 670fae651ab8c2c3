"""The files that a checkpoint consists of: ONNX files and indices may keep weights in others beside them."""

import json
import re
from pathlib import Path

from torch2web.store import sha256_of

_LOCATION = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")
"""An entry of external data in ONNX's encoding: key `location`, then the length of the file's name."""


def external_hashes(path: Path) -> dict[str, str]:
    """SHA-256 of the `external_files` of `path`, by name."""
    return {name: sha256_of(file) for name, file in external_files(path).items()}


def external_files(path: Path) -> dict[str, Path]:
    """Files of external data that the ONNX file `path` names, by name; of an index, its files.

    Reads the file's bytes, not its structure: importing onnx takes longer. A byte sequence that only looks
    like an entry names no existing file.
    """
    kind = path.suffix.lower()
    names = _named_by_onnx(path) if kind == ".onnx" else _named_by_index(path) if kind == ".json" else set()
    files = {name: path.parent / name for name in sorted(names)}
    return {name: file for name, file in files.items() if _is_file(file)}


def _named_by_onnx(path: Path) -> set[str]:
    content = path.read_bytes()
    names = {content[found.end() : found.end() + found[1][0]] for found in _LOCATION.finditer(content)}
    return {name.decode("utf-8", "replace") for name in names}


def _named_by_index(path: Path) -> set[str]:
    try:
        places = json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return set()  # reported when it is read as a checkpoint
    return {str(name) for name in places}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
