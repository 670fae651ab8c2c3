"""Precompressed files (`.br`, `.gz`): which files get them, their content, and their cache."""

import gzip
import os
import random
import threading
from collections.abc import Sequence
from pathlib import Path

import brotli
import pytest

from torch2web.site.encoding import compressed_files, content_encoding
from torch2web.site.encoding.compressed_files import precompress as write_forms
from torch2web.store import cached_encodings as kept_forms
from torch2web.store.hashing import FileRecord, sha256_of, write_bytes_hashed

TEXT = "".join(f"const value{number} = {number * 7919 % 1000};\n" for number in range(5000)).encode()
NOISE = random.Random(1).randbytes(400_000)  # as int8 weights and archives


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def files(root: Path) -> list[FileRecord]:
    return [
        write_bytes_hashed(root, "page.js", TEXT),
        write_bytes_hashed(root, "models/parts/noise.bin", NOISE),
        write_bytes_hashed(root, "copy/page.js", TEXT),
        write_bytes_hashed(root, "empty", b""),
    ]


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_compressible_files_have_both_forms_and_the_rest_none(
    root: Path, files: list[FileRecord], tmp_path: Path
) -> None:
    records = write_forms(root, files, tmp_path / "cache")
    assert [record.path for record in records] == [
        "page.js.br",
        "page.js.gz",
        "copy/page.js.br",
        "copy/page.js.gz",
    ]
    assert brotli.decompress((root / "page.js.br").read_bytes()) == TEXT
    assert gzip.decompress((root / "page.js.gz").read_bytes()) == TEXT
    assert (root / "page.js.gz").read_bytes()[4:8] == bytes(4), "no time in it"
    for record in records:
        assert record.sha256 == sha256_of(root / record.path)
        assert record.size == (root / record.path).stat().st_size
    assert set(contents(root)) == {file.path for file in [*files, *records]}


@pytest.mark.parametrize(("share", "written"), [(0.10, True), (0.04, False)])
def test_five_percent_decide(root: Path, tmp_path: Path, share: float, written: bool) -> None:
    zeros = bytes(round(len(NOISE) * share))
    file = write_bytes_hashed(root, "weights.bin", NOISE[len(zeros) :] + zeros)
    records = write_forms(root, [file], tmp_path / "cache")
    assert [record.path for record in records] == (["weights.bin.br", "weights.bin.gz"] if written else [])
    assert all(record.size <= file.size * 0.95 for record in records)


def test_two_builds_are_the_same_and_the_second_compresses_nothing(
    root: Path, files: list[FileRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_forms(root, files, tmp_path / "cache")
    before = contents(root)
    for record in first:
        (root / record.path).unlink()
    assert write_forms(root, files, tmp_path / "another cache") == first, "from nothing"
    assert contents(root) == before
    for record in first:
        (root / record.path).unlink()
    monkeypatch.setattr(
        compressed_files, "quality_for", lambda path: pytest.fail(f"{path} is compressed again")
    )
    assert write_forms(root, files, tmp_path / "cache") == first, "from what was kept"
    assert contents(root) == before


def test_kept_form_that_was_changed_is_not_used(root: Path, files: list[FileRecord], tmp_path: Path) -> None:
    first = write_forms(root, files, tmp_path / "cache")
    before = contents(root)
    for path in (tmp_path / "cache/precompressed").iterdir():
        path.write_bytes(b"something else")
    for record in first:
        (root / record.path).unlink()
    assert write_forms(root, files, tmp_path / "cache") == first
    assert contents(root) == before


def test_form_is_copied_where_it_cannot_be_linked(
    root: Path, files: list[FileRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    write_forms(root, files, tmp_path / "cache")
    assert brotli.decompress((root / "page.js.br").read_bytes()) == TEXT


def test_longest_unused_forms_go_first(
    root: Path, files: list[FileRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "cache/precompressed"
    write_forms(root, files[:1], cache)
    old = sorted(folder.iterdir())
    for path in old:
        os.utime(path, (1, 1))
    other = write_bytes_hashed(root, "other.js", TEXT[::-1])
    write_forms(root, [other], cache)
    assert set(old) < set(folder.iterdir()), "there is room for both"
    monkeypatch.setattr(kept_forms, "MAX_CACHE_BYTES", 1)
    write_forms(root, [other], cache)
    assert not set(old) & set(folder.iterdir())
    assert len(list(folder.iterdir())) == 2, "what is in use stays, whatever its size"


def test_large_files_are_compressed_faster(tmp_path: Path) -> None:
    def quality(content: Sequence[int] | bytes) -> int | None:
        (tmp_path / "file").write_bytes(bytes(content))
        return content_encoding.quality_for(tmp_path / "file")

    weights = bytes(
        byte if index % 4 else 60 for index, byte in enumerate(NOISE)
    )  # one byte of four is random
    assert quality(TEXT) == 11
    assert quality(TEXT * 30) == 9
    assert quality(weights) == 5
    assert quality(NOISE) is None
    assert quality(b"") is None


def test_stops_between_two_blocks(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(3 * 2**20))
    stopped = threading.Event()
    blocks = content_encoding.read_until(tmp_path / "file", stopped.is_set)
    next(blocks)
    stopped.set()
    with pytest.raises(InterruptedError):
        next(blocks)


def test_failure_leaves_nothing_half_kept(root: Path, files: list[FileRecord], tmp_path: Path) -> None:
    (root / "page.js").unlink()
    (root / "copy/page.js").unlink()
    with pytest.raises(FileNotFoundError):
        write_forms(root, files, tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache/precompressed").iterdir() if path.name.startswith(".")]
