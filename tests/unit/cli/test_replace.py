"""A build replaces a site atomically, and replaces nothing but a site."""

import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_build, tree
from tests.patience import PATIENCE
from tests.tiny_network import write_tiny_catalog
from tests.unit.cli.test_rebuild import OTHER_MODELS


def test_foreign_files_in_a_site_are_never_lost(old_site: Path, cache: Path) -> None:
    (old_site / "CNAME").write_text("example.org")
    before = tree(old_site)
    result = run_build("--only", "mobilenet_emotion", "--out", old_site, "--cache", cache)
    assert result.returncode == 2
    assert "it holds CNAME, which no build put there" in result.stderr
    assert tree(old_site) == before


@pytest.mark.parametrize("make", ["folder", "file", "link"])
def test_folder_that_is_no_site_is_never_replaced(tmp_path: Path, cache: Path, make: str) -> None:
    out = tmp_path / "precious"
    kept = tmp_path / "elsewhere"
    kept.mkdir()
    (kept / "thesis.txt").write_text("all my work")
    if make == "folder":
        shutil.copytree(kept, out)
    elif make == "file":
        out.write_text("all my work")
    else:
        out.symlink_to(kept)
    result = run_build("--only", "mobilenet_emotion", "--out", out, "--cache", cache)
    assert result.returncode == 2
    assert str(out) in result.stderr
    assert (kept / "thesis.txt").read_text() == "all my work"
    assert out.is_symlink() == (make == "link")
    if make == "folder":
        assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_full_disk_leaves_the_old_site(old_site: Path, tmp_path: Path, cache: Path) -> None:
    """A limit on file sizes stands in for a full disk: the write of a large file fails half way."""
    before = tree(old_site)
    limit = 4_000_000
    command = [sys.executable, "build.py", "--only", "mobilenet_emotion"]
    result = subprocess.run(
        [*command, "--out", str(old_site), "--cache", str(cache)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "error:" in result.stderr
    assert tree(old_site) == before
    assert sorted(path.name for path in old_site.parent.iterdir()) == ["site"]


@pytest.mark.parametrize(
    ("number", "stage"),
    [(signal.SIGINT, "running PyTorch"), (signal.SIGKILL, "running PyTorch")]
    + [(number, "Writing the site") for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)],
)
def test_interrupted_build_leaves_the_old_site(
    old_site: Path, tmp_path: Path, cache: Path, number: signal.Signals, stage: str
) -> None:
    before = tree(old_site)
    own = tmp_path / "cache"
    if stage == "Writing the site":  # a large one, after a cached conversion
        shutil.copytree(cache, own, ignore=OTHER_MODELS)
        network: list[object] = ["--only", "mobilenet_emotion"]
    else:
        network = [*write_tiny_catalog(tmp_path), "--no-precompressed", "--no-verify-page", "--no-docs"]
    options = [*map(str, network), "--out", str(old_site), "--cache", str(own)]
    process = subprocess.Popen(
        [sys.executable, "-u", "build.py", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    while stage not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    if number != signal.SIGKILL:
        assert "interrupted" in errors
        assert "Traceback" not in errors
        assert [path for path in (own / "models").iterdir() if path.name.startswith(".")] == []
    assert tree(old_site) == before
    # The next build succeeds.
    assert run_build(*options).returncode == 0
