"""Files split into download parts with content-addressed names.

Builds with a common part share its name, so that HTTP caches can keep it; the content behind a name never
changes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch2web.coding import CODING, decode_part, encode_parts
from torch2web.store.hashing import FileRecord

PARTS = "models/parts/*.bin"
"""Path of a part of a model; the asterisk stands for its hash."""

PART_SIZE = 4 * 2**20
"""Maximum size of a part in bytes. An interrupted download at 10 Mbit/s loses at most four seconds, and the
loader needs little memory for the part in flight."""

HASH_LENGTH = 32
"""Hex digits of the hash in a file name: 128 bits, enough to rule out accidental collisions."""


@dataclass(frozen=True)
class PartedFile:
    """A file split into consecutive `parts`, `size` bytes in total."""

    size: int
    sha256: str
    """Of all parts together as they are stored, in hex."""
    parts: tuple[FileRecord, ...]

    @property
    def coded(self) -> bool:
        """Whether a part is coded."""
        return any(part.decoded is not None for part in self.parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the file as an entry of the manifest."""
        return {
            "size": self.size,
            "sha256": self.sha256,
            **({"coding": CODING} if self.coded else {}),
            "parts": [part.as_dict() for part in self.parts],
        }

    @classmethod
    def from_dict(cls, file: Mapping[str, Any]) -> "PartedFile":
        """Inverse of `as_dict`."""
        return cls(file["size"], file["sha256"], tuple(FileRecord(**part) for part in file["parts"]))


def write_parts(root: Path, name: str, content: bytes, part_size: int) -> PartedFile:
    """Write `content` into `root` in parts of at most `part_size` bytes.

    `name` is the path of a part relative to `root`; its asterisk is replaced by the hash.
    """
    whole = hashlib.sha256(content).hexdigest()
    starts = range(0, len(content), part_size)
    parts = tuple(write_named(root, name, content[start : start + part_size]) for start in starts)
    return PartedFile(len(content), whole, parts)


def write_coded_parts(root: Path, name: str, content: bytes, part_size: int) -> PartedFile:
    """The same for the safetensors file `content`, whose parts are coded where that makes them smaller.

    A part has at most `part_size` bytes before and after coding.
    """
    whole = hashlib.sha256()
    parts = []
    for stored, decoded in encode_parts(content, part_size):
        whole.update(stored)
        parts.append(replace(write_named(root, name, stored), decoded=decoded))
    return PartedFile(sum(part.size for part in parts), whole.hexdigest(), tuple(parts))


def write_named(root: Path, name: str, content: bytes) -> FileRecord:
    """Write `content` into `root` as `name`, with its asterisk replaced by the hash of the content."""
    digest = hashlib.sha256(content).hexdigest()
    path = name.replace("*", digest[:HASH_LENGTH])
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return FileRecord(path, len(content), digest)


def join_parts(site: Path, file: Mapping[str, Any]) -> bytes:
    """Return the content of a file of a built site, decoded, given its manifest entry.

    Raises OSError for a missing part, DamagedPartError for a coded one that cannot be decoded.
    """
    parts: Sequence[Mapping[str, Any]] = file["parts"]
    return b"".join(decoded(FileRecord(**part), (site / part["path"]).read_bytes()) for part in parts)


def decoded(part: FileRecord, stored: bytes) -> bytes:
    """Return the content of `part`, given the bytes of its file. Raises DamagedPartError."""
    return stored if part.decoded is None else decode_part(stored, part.decoded)
