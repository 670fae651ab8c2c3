"""The files that a checkpoint consists of: ONNX files may keep their weights in others beside them."""

import re
from pathlib import Path

from torch2web.store import sha256_of

_LOCATION = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")
"""An entry of external data in ONNX's encoding: key `location`, then the length of the file's name."""


def external_hashes(path: Path) -> dict[str, str]:
    """SHA-256 of the files of external data that the ONNX file `path` names, by name.

    Reads the file's bytes, not its structure: importing onnx takes longer. A byte sequence that only looks
    like an entry names no existing file.
    """
    if path.suffix.lower() != ".onnx":
        return {}
    content = path.read_bytes()
    names = {content[found.end() : found.end() + found[1][0]] for found in _LOCATION.finditer(content)}
    files = {name: path.parent / name.decode("utf-8", "replace") for name in sorted(names)}
    return {
        name.decode("utf-8", "replace"): sha256_of(file) for name, file in files.items() if _is_file(file)
    }


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
