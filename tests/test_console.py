"""What the command prints where there is a terminal and where there is none."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_bar_and_table_on_a_terminal_of_80_columns(small_site: Path, cache: Path, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    options = ["--only", "mobilenet_emotion", "--out", str(tmp_path / "site"), "--cache", str(cache)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(
        [sys.executable, "build.py", *options], stdout=slave, stderr=slave, cwd=ROOT, env=environment
    )
    os.close(slave)
    printed = b""
    try:
        while chunk := os.read(master, 65536):
            printed += chunk
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(master)
    assert process.wait(60) == 0
    text = printed.decode()
    assert "\x1b[" in text
    assert "Writing the site" in text
    for whole in ("mobilenet_emotion", "8.48 MiB", "opset 12", "max diff", "mean diff", "seconds"):
        assert whole in text, f"{whole} was cut short"
