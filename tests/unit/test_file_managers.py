"""Files that file managers write (.DS_Store, …) are ignored in every folder that people open."""

import shutil
from pathlib import Path, PurePath

import pytest

from torch2web.errors import CheckpointError, OutputError
from torch2web.file_managers import files_below, is_of_file_manager
from torch2web.pipeline.checkpoints import find_checkpoints
from torch2web.serve.host_emulation.limits import Limits, require_within
from torch2web.serve.parity.outcome import read_saved
from torch2web.site.manifest.layout import SUMS
from torch2web.site.recheck.site_check import recheck
from torch2web.site.replace import require_replaceable

LEFT = (
    ".DS_Store",
    "._index.html",
    ".localized",
    ".Spotlight-V100/Store-V2/index",
    ".Trashes/501/old.html",
    "__MACOSX/._index.html",
    "Icon\r",
    "Thumbs.db",
    "samples/desktop.ini",
    "models/parts/.directory",
    "models/@eaDir/model_info.json",
    ".Trash-1000/info/index.html.trashinfo",
)
"""As macOS, Windows, KDE, Synology and Linux desktops leave them."""

OTHERS = ("DS_Store", "thumbs.db.html", ".htaccess", "index.html~", "icon", ".git/config", "trashes/a", ".a")


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A folder with all such files."""
    for path in LEFT:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"\0\0\0\1Bud1")
    return tmp_path


def test_names() -> None:
    assert [path for path in (*LEFT, *OTHERS) if is_of_file_manager(PurePath(path))] == [*LEFT]
    assert is_of_file_manager(PurePath("THUMBS.DB")), "as Windows writes it on some file systems"


def test_files_below(left: Path) -> None:
    assert files_below(left) == []
    for path in OTHERS:
        (left / path).parent.mkdir(parents=True, exist_ok=True)
        (left / path).touch()
    (left / "link").symlink_to(left / "samples", target_is_directory=True)
    (left / "dangling").symlink_to(left / "nothing")
    assert files_below(left) == sorted([*OTHERS, "dangling", "link"])


def test_site(left: Path) -> None:
    require_replaceable(left)
    require_within(Limits("a host", max_file_size=0, max_files=0), left)
    (left / SUMS).touch()
    assert not any("it is not in" in problem for problem in recheck(left, lambda *_: None).problems)
    shutil.copy(left / ".DS_Store", left / "notes.txt")
    with pytest.raises(OutputError, match=r"it holds notes\.txt, which no build put there"):
        require_replaceable(left)
    assert f"notes.txt: it is not in {SUMS}" in recheck(left, lambda *_: None).problems


def test_other_folders(left: Path) -> None:
    (left / "._2026-11-28_phone.json").write_bytes(b"\0\5\x16\7")
    assert read_saved(left).unreadable == []

    class Spec:
        checkpoint = "best.pth"

    with pytest.raises(CheckpointError, match=r"Found there: models, samples\.$"):
        find_checkpoints(left, [Spec()])  # type: ignore[list-item]
