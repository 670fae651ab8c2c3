"""Sizes and hashes of files, computed while they are written."""

import hashlib
from pathlib import Path

import pytest

from torch2web.store.hashing import BLOCK_SIZE, read_blocks, sha256_of, write_bytes_hashed, write_hashed


@pytest.mark.parametrize("size", [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 3 * BLOCK_SIZE])
def test_record_says_what_was_written(tmp_path: Path, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    content = content[:size]
    record = write_bytes_hashed(tmp_path, "folder/file.bin", content)
    path = tmp_path / "folder/file.bin"
    assert path.read_bytes() == content
    assert (record.path, record.size) == ("folder/file.bin", size)
    assert record.sha256 == sha256_of(path) == hashlib.sha256(content).hexdigest()
    assert write_hashed(tmp_path, "folder/file.bin", list(read_blocks(path))) == record
