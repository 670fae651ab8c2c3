"""The archive that torch.save has written since PyTorch 1.6: a zip file of one pickle and its storages."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from torch2web.sources.checkpoint.values import DamagedError

_MAX_PICKLE = 512 * 2**20
_MAX_EXPANSION = 20
"""Compressed entries may grow by this much; weights shrink by a tenth."""
_LOCAL_HEADER = 30


class ZipArchive:
    """An open archive. Names of entries are relative to the folder of its data.pkl; nothing is extracted."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
            raise DamagedError(str(error)) from error
        entries = self._zip.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) < len(names):
            raise DamagedError("two entries of the archive have the same name")
        pickles = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise DamagedError(f"the archive has {len(pickles)} entries data.pkl, expected one")
        self._folder = pickles[0].removesuffix("data.pkl")
        self._entries = {entry.filename: entry for entry in entries}

    def pickle(self) -> bytes:
        """The bytes of data.pkl."""
        return bytes(self._read("data.pkl", _MAX_PICKLE))

    def storage(self, key: str) -> bytearray:
        """The bytes of a storage. Raises DamagedError if it is missing, truncated or altered."""
        return self._read(f"data/{key}", None)

    def is_big_endian(self) -> bool:
        """Whether the machine that wrote it was; archives before PyTorch 2.1 do not say, and are not."""
        return f"{self._folder}byteorder" in self._entries and bytes(self._read("byteorder", 16)) == b"big"

    def _read(self, name: str, limit: int | None) -> bytearray:
        entry = self._entries.get(self._folder + name)
        if entry is None:
            raise DamagedError(f"the archive has no entry {name[:60]}")
        if limit is not None and entry.file_size > limit:
            raise DamagedError(f"{name} has {entry.file_size:,} bytes, more than any checkpoint")
        if entry.flag_bits & 1:
            raise DamagedError("the archive is encrypted")
        if entry.compress_type == zipfile.ZIP_STORED:
            content = self._stored(entry)
        elif entry.file_size > max(2**20, _MAX_EXPANSION * min(entry.compress_size, self._size)):
            raise DamagedError(f"{name[:60]} would grow to {entry.file_size:,} bytes")
        else:
            content = self._inflated(entry)
        # PyTorch can save without checksums (set_crc32_options), which leaves 0.
        if entry.CRC and zlib.crc32(content) != entry.CRC:
            raise DamagedError(f"the checksum of {name[:60]} does not match: its bytes were altered")
        return content

    def _stored(self, entry: zipfile.ZipInfo) -> bytearray:
        if not 0 <= entry.header_offset <= self._size:
            raise DamagedError(f"{entry.filename[:60]} lies outside the file")
        self._file.seek(entry.header_offset)
        header = self._file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise DamagedError(f"{entry.filename[:60]} has no header")
        name, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
        start = entry.header_offset + _LOCAL_HEADER + name + extra
        if start + entry.file_size > self._size or entry.file_size != entry.compress_size:
            raise DamagedError(f"{entry.filename[:60]} is longer than the file")
        self._file.seek(start)
        content = bytearray(entry.file_size)
        if self._file.readinto(content) != entry.file_size:  # type: ignore[attr-defined]
            raise DamagedError(f"{entry.filename[:60]} is incomplete")
        return content

    def _inflated(self, entry: zipfile.ZipInfo) -> bytearray:
        try:
            with self._zip.open(entry) as file:
                content = bytearray(file.read(entry.file_size + 1))
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            raise DamagedError(str(error)) from error
        if len(content) != entry.file_size:
            raise DamagedError(f"{entry.filename[:60]} has another size than it says")
        return content


@contextmanager
def open_archive(path: Path) -> Iterator[ZipArchive]:
    """The archive at `path`, open. Raises DamagedError or OSError."""
    with path.open("rb") as file:
        yield ZipArchive(file, path.stat().st_size)
