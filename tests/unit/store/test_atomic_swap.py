"""The site is replaced atomically."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from torch2web.store.atomic_swap import swapped_in


def fill(folder: Path, text: str) -> None:
    (folder / "file").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    fill(site, "old")
    (site / "only-old").touch()
    return site


def test_new_replaces_old(site: Path) -> None:
    with swapped_in(site) as staged:
        fill(staged, "new")
        assert (site / "file").read_text() == "old"
    assert names(site) == ["file"]
    assert (site / "file").read_text() == "new"
    assert names(site.parent) == ["site"]


def test_where_there_was_none(tmp_path: Path) -> None:
    with swapped_in(tmp_path / "deep" / "site") as staged:
        fill(staged, "new")
    assert names(tmp_path / "deep") == ["site"]
    assert (tmp_path / "deep/site").stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_old_stays_when_something_goes_wrong(site: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with swapped_in(site) as staged:
            fill(staged, "new")
            raise error

    with pytest.raises(error):
        fail()
    assert (site / "file").read_text() == "old"
    assert names(site.parent) == ["site"]


def test_without_the_systems_exchange(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch2web.store.atomic_swap.sys.platform", "elsewhere")
    with swapped_in(site) as staged:
        fill(staged, "new")
    assert names(site) == ["file"]
    assert names(site.parent) == ["site"]


def test_old_stays_when_killed_and_the_next_one_tidies_up(site: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom torch2web.store.atomic_swap import swapped_in\n"
        "with swapped_in(Path(sys.argv[1])) as staged:\n"
        "    (staged / 'file').write_text('half')\n    print('writing', flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(site)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    # A concurrent build must not remove its folder while it runs.
    with swapped_in(site) as staged:
        fill(staged, "second")
    assert len(names(site.parent)) == 2
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stdout.close()
    assert (site / "file").read_text() == "second"
    time.sleep(0.1)
    with swapped_in(site) as staged:
        fill(staged, "new")
    assert names(site.parent) == ["site"]


def test_site_set_aside_by_a_killed_process_comes_back(site: Path) -> None:
    """Without atomic exchange, a kill between the two renames leaves the old site under a temporary name."""
    site.rename(site.with_name(".site.old"))

    def fail() -> None:
        with swapped_in(site):
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fail()
    assert (site / "file").read_text() == "old"
    assert names(site.parent) == ["site"]


def test_folders_of_other_names_are_left_alone(site: Path) -> None:
    strange = [
        site.with_name(".site.new-notes"),
        site.with_name(".site.new-1.old"),
        site.with_name("x.new-1"),
    ]
    for folder in strange:
        folder.mkdir()
    with swapped_in(site) as staged:
        fill(staged, "new")
    assert names(site.parent) == sorted(["site", *(folder.name for folder in strange)])
