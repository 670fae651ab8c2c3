"""Hard links to files, and copies where the file system has none."""

import os
from pathlib import Path

import pytest

from torch2web.store.links import link_or_copy


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"content")
    return path


def test_same_file_under_another_name(source: Path, tmp_path: Path) -> None:
    link_or_copy(source, tmp_path / "deep/target")
    assert (tmp_path / "deep/target").samefile(source)


def test_copy_where_it_cannot_be_linked(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    link_or_copy(source, tmp_path / "deep/target")
    assert (tmp_path / "deep/target").read_bytes() == b"content"
    assert not (tmp_path / "deep/target").samefile(source)


def test_existing_file_is_replaced_and_not_written_to(source: Path, tmp_path: Path) -> None:
    """The existing name may be a link to a cached file."""
    elsewhere, target = tmp_path / "elsewhere", tmp_path / "target"
    elsewhere.write_bytes(b"precious")
    os.link(elsewhere, target)
    link_or_copy(source, target)
    assert (elsewhere.read_bytes(), target.read_bytes()) == (b"precious", b"content")
