"""Replaceable folders, checksum files, and the error for a full disk."""

import errno
import os
from pathlib import Path

import pytest

from torch2web.errors import OutputError
from torch2web.site.manifest.layout import read_sums
from torch2web.site.replace import full_disk_explained, require_replaceable
from torch2web.store.hashing import sha256_of


def test_full_disk_is_explained(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="the disk is full; the existing output is unchanged"),
        full_disk_explained(tmp_path),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(PermissionError), full_disk_explained(tmp_path):
        raise PermissionError(errno.EACCES, "no")


def test_replaceable(tmp_path: Path, small_site: Path) -> None:
    require_replaceable(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    require_replaceable(tmp_path / "empty")
    require_replaceable(small_site)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/model_info.json").write_text("{}")
    with pytest.raises(OutputError, match=r"it holds models/model_info\.json, which no build put there"):
        require_replaceable(tmp_path)


def test_sums_are_in_the_form_of_sha256sum(small_site: Path) -> None:
    sums, strange = read_sums(small_site)
    assert strange == []
    assert {path: sha256_of(small_site / path) for path in sums} == sums
    files = {path.relative_to(small_site).as_posix() for path in small_site.rglob("*") if path.is_file()}
    assert files - set(sums) == {"SHA256SUMS"}
