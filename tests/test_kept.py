"""Folders kept between builds."""

import os
from pathlib import Path

from converter.kept import NEWEST, publish


def folder(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "file").write_text(content)
    return path


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    folder(tmp_path / "other-1", "of another kind")
    for number in range(NEWEST + 2):
        work = folder(tmp_path / f".work-{number}", str(number))
        os.utime(work, (number, number))
        publish(work, tmp_path / f"kind-{number}", "kind")
    newest = [f"kind-{number}" for number in range(2, NEWEST + 2)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*newest, "other-1"]


def test_the_first_of_two_stays(tmp_path: Path) -> None:
    target = tmp_path / "kind-1"
    publish(folder(tmp_path / ".work-1", "first"), target, "kind")
    publish(folder(tmp_path / ".work-2", "second"), target, "kind")
    assert (target / "file").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["kind-1"]
