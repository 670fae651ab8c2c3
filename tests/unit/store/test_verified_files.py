"""Files are hashed once, and refused if they changed afterwards."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from torch2web.errors import OutputError
from torch2web.store.hashing import FileRecord, write_bytes_hashed
from torch2web.store.verified_files import VerifiedFiles

NAMES = ("one.bin", "deep/two.bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def files(folder: Path) -> list[FileRecord]:
    return [write_bytes_hashed(folder, name, name.encode() * 1000) for name in NAMES]


def flip(path: Path) -> None:
    """Change a byte in place; file and size stay the same."""
    with path.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))


def checked(folder: Path, files: list[FileRecord]) -> VerifiedFiles:
    found = VerifiedFiles.check(folder, files)
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_one_wrong_byte_is_found(folder: Path, files: list[FileRecord], name: str) -> None:
    flip(folder / name)
    assert VerifiedFiles.check(folder, files) is None


def test_missing_file(folder: Path, files: list[FileRecord]) -> None:
    (folder / NAMES[1]).unlink()
    with pytest.raises(FileNotFoundError):
        VerifiedFiles.check(folder, files)


def test_placed_files_are_links(folder: Path, files: list[FileRecord], tmp_path: Path) -> None:
    found = checked(folder, [*files, *files])
    for name in NAMES:
        for target in (tmp_path / "site" / name, tmp_path / "again" / name):
            found.place(name, target)  # a second link is not a change
            assert target.samefile(folder / name)
        assert found.read(name) == (folder / name).read_bytes()


def replaced(path: Path) -> None:
    """Replace by another file with the same bytes and times, which was never hashed."""
    status, content = path.stat(), path.read_bytes()
    (path.parent / "other").write_bytes(content)
    os.utime(path.parent / "other", ns=(status.st_atime_ns, status.st_mtime_ns))
    (path.parent / "other").replace(path)


@pytest.mark.parametrize("change", [flip, replaced, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("linked", [True, False])
def test_file_that_changed_after_its_check(
    folder: Path,
    files: list[FileRecord],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], object],
    linked: bool,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    if not linked:
        monkeypatch.setattr(os, "link", refuse)
    found = checked(folder, files)
    change(folder / NAMES[0])
    with pytest.raises(OutputError, match=r"one\.bin: it changed after it was verified"):
        found.place(NAMES[0], tmp_path / "target")
    with pytest.raises(OutputError, match="it changed after it was verified"):
        found.read(NAMES[0])
    found.place(NAMES[1], tmp_path / "target")
