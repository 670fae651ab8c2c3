"""Files that the loader fetches in parts, each under a name made from its own hash.

Two builds that share a part share its name, so that browsers and caches keep it; a part can never be another
one under the same name.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.store.hashing import FileRecord

PARTS = "models/parts/*.bin"
"""Path of a part of a model, with an asterisk where its hash goes."""

PART_SIZE = 4 * 2**20
"""Most bytes of a part of a model. What a visitor with 10 Mbit/s loses when a download breaks off is then
four seconds at most, and what the loader holds besides what it keeps is small."""

HASH_LENGTH = 32
"""Hexadecimal digits of a hash that names a file: 128 bits, which no two files share by chance."""


@dataclass(frozen=True)
class PartedFile:
    """One file as the loader puts it together. `parts` follow one another and make up `size` bytes."""

    size: int
    sha256: str
    """Of the whole."""
    parts: tuple[FileRecord, ...]

    def as_dict(self) -> dict[str, Any]:
        """The manifest's form."""
        return {
            "size": self.size,
            "sha256": self.sha256,
            "parts": [part.as_dict() for part in self.parts],
        }

    @classmethod
    def from_dict(cls, file: Mapping[str, Any]) -> "PartedFile":
        """What `as_dict` gave."""
        return cls(file["size"], file["sha256"], tuple(FileRecord(**part) for part in file["parts"]))


def write_parts(root: Path, name: str, content: bytes, part_size: int) -> PartedFile:
    """Write `content` into `root` in parts of at most `part_size` bytes.

    `name` is the path of a part, with an asterisk where its hash goes.
    """
    whole = hashlib.sha256(content).hexdigest()
    starts = range(0, len(content), part_size)
    parts = tuple(write_named(root, name, content[start : start + part_size]) for start in starts)
    return PartedFile(len(content), whole, parts)


def write_named(root: Path, name: str, content: bytes) -> FileRecord:
    """Write `content` to a path with its hash in the place of the asterisk in `name`."""
    digest = hashlib.sha256(content).hexdigest()
    path = name.replace("*", digest[:HASH_LENGTH])
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return FileRecord(path, len(content), digest)


def join_parts(site: Path, file: Mapping[str, Any]) -> bytes:
    """The bytes of a file of a built site, by its entry in the manifest."""
    parts: Sequence[Mapping[str, Any]] = file["parts"]
    return b"".join((site / part["path"]).read_bytes() for part in parts)
