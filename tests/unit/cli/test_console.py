"""What the command prints where there is a terminal and where there is none."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_code_to_scan_only_where_it_is_whole() -> None:
    script = "from torch2web.cli.console import Output; print(Output().code(['█▀▄' * 20]))"
    for columns, more, shown in [
        ("80", {"TERM": "xterm-256color"}, True),
        ("60", {"TERM": "xterm"}, True),
        ("59", {"TERM": "xterm"}, False),
        ("80", {"TERM": "dumb"}, False),
        ("80", {"TERM": "xterm", "NO_COLOR": "1"}, False),
        ("80", {"TERM": "xterm", "PYTHONIOENCODING": "latin-1"}, False),
    ]:
        text = on_a_terminal([sys.executable, "-c", script], {"COLUMNS": columns, **more})
        assert ("█▀▄" * 20 in text, str(shown) in text) == (shown, True), (columns, more)
        assert not shown or "\x1b[" in text, "in its own colours"


def on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    master, slave = pty.openpty()
    settings = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
    process = subprocess.Popen(
        command, stdout=slave, stderr=slave, cwd=ROOT, env={"PYTHONUTF8": "1", **settings, **environment}
    )
    os.close(slave)
    printed = b""
    try:
        while chunk := os.read(master, 65536):
            printed += chunk
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(master)
    assert process.wait(60) == 0, printed
    return printed.decode()


def test_bar_and_table_on_a_terminal_of_80_columns(small_site: Path, cache: Path, tmp_path: Path) -> None:
    options = ["--only", "mobilenet_emotion", "--out", str(tmp_path / "site"), "--cache", str(cache)]
    text = on_a_terminal([sys.executable, "build.py", *options], {"TERM": "xterm", "COLUMNS": "80"})
    assert "\x1b[" in text
    assert "Writing the site" in text
    for whole in ("mobilenet_emotion", "8.48 MiB", "opset 12", "max diff", "mean diff", "seconds"):
        assert whole in text, f"{whole} was cut short"
