"""Folders cached between builds."""

import os
import subprocess
import sys
from pathlib import Path

from torch2web.store.cached_folder import NEWEST, begin_work, publish


def kept(parent: Path, kind: str, number: int) -> Path:
    return parent / f"{kind}-{number:032x}"


def make(target: Path, content: str) -> None:
    work = begin_work(target)
    (work / "file").write_text(content)
    publish(work, target)


def names(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir())


def test_only_the_newest_of_a_kind_are_kept(tmp_path: Path) -> None:
    others = [kept(tmp_path, "kind-of-another-name", number) for number in range(NEWEST)]
    for other in others:
        make(other, "old")
        os.utime(other, (1, 1))
    for number in range(NEWEST + 2):
        make(kept(tmp_path, "kind", number), str(number))
        os.utime(kept(tmp_path, "kind", number), (10 + number, 10 + number))
    newest = [kept(tmp_path, "kind", number) for number in range(2, NEWEST + 2)]
    assert names(tmp_path) == sorted(path.name for path in (*newest, *others))


def test_the_first_of_two_stays(tmp_path: Path) -> None:
    target = kept(tmp_path, "kind", 1)
    make(target, "first")
    make(target, "second")
    assert (target / "file").read_text() == "first"
    assert names(tmp_path) == [target.name]


def test_work_of_dead_processes_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".kind-work-{dead.pid}").mkdir()
    running = tmp_path / f".kind-work-{os.getppid()}"
    running.mkdir()
    strange = tmp_path / ".kind-work-of-art"
    strange.mkdir()
    work = begin_work(kept(tmp_path, "kind", 1))
    assert names(tmp_path) == sorted([running.name, strange.name, work.name])
