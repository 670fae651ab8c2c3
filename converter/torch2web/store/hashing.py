"""File records with SHA-256, computed while writing so that file and hash cannot diverge."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLOCK_SIZE = 4 * 1024 * 1024
"""Bytes per read or write."""


@dataclass(frozen=True)
class FileRecord:
    """One file of a site: `path` relative to it with forward slashes, `size` in bytes, `sha256` in hex."""

    path: str
    size: int
    sha256: str
    decoded: int | None = None
    """Bytes of a coded part after decoding; None: the file is no coded part."""

    def as_dict(self) -> dict[str, Any]:
        """Return the file as an entry of the manifest."""
        decoded = {} if self.decoded is None else {"decoded": self.decoded}
        return {"path": self.path, "size": self.size, "sha256": self.sha256, **decoded}


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of `path` in blocks of BLOCK_SIZE."""
    with path.open("rb") as file:
        while block := file.read(BLOCK_SIZE):
            yield block


def write_hashed(root: Path, path: str, blocks: Iterable[bytes]) -> FileRecord:
    """Write `blocks` to `root/path` and return its record."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    whole, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        for block in blocks:
            file.write(block)
            whole.update(block)
            size += len(block)
    return FileRecord(path, size, whole.hexdigest())


def write_bytes_hashed(root: Path, path: str, content: bytes) -> FileRecord:
    """Write `content` to `root/path` and return its record."""
    return write_hashed(root, path, [content])


def record_of(root: Path, path: str) -> FileRecord:
    """Return the record of the existing file `root/path`."""
    target = root / path
    return FileRecord(path, target.stat().st_size, sha256_of(target))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_sources(root: Path, paths: Iterable[Path]) -> str:
    """Return one SHA-256, in hex, over the names relative to `root` and the contents of `paths`, in order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def integrity(sha256: str) -> str:
    """Convert a hex SHA-256 to an `integrity` attribute (W3C Subresource Integrity)."""
    return "sha256-" + base64.b64encode(bytes.fromhex(sha256)).decode()
