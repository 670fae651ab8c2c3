"""The command's output on a terminal and without one."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from torch2web.cli import Defaults
from torch2web.cli.options.parser import parse_options
from torch2web.cli.terminal.console import Output
from torch2web.cli.terminal.escape import printable


def test_qr_code_only_where_it_fits() -> None:
    script = "from torch2web.cli.terminal.console import Output; print(Output().code(['█▀▄' * 20]))"
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
    except OSError:  # Linux's error where the other end of the terminal is closed
        pass
    os.close(master)
    assert process.wait(60) == 0, printed
    return printed.decode()


def test_models_that_take_turns_say_each_step_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Output().progress() as show:
        for step in ("one: loading", "two: loading", "one: loading", "two: loading", "two: searching"):
            show(step, 0, 1)
    assert capsys.readouterr().out.splitlines() == ["one: loading", "two: loading", "two: searching"]


def test_bar_and_table_on_a_terminal_of_80_columns(small_site: Path, cache: Path, tmp_path: Path) -> None:
    options = ["--only", "mobilenet_emotion", "--out", str(tmp_path / "site"), "--cache", str(cache)]
    text = on_a_terminal([sys.executable, "build.py", *options], {"TERM": "xterm", "COLUMNS": "80"})
    assert "\x1b[" in text
    assert "Writing the site" in text
    for whole in ("mobilenet_emotion", "8.48 MiB", "opset 12", "max diff", "mean diff", "seconds"):
        assert whole in text, f"{whole} was cut short"


HOSTILE = "a\x1b[2J\x1b]0;title\x07b\r\x9bc\x08\u202egnp.exe\u2069 [red]:warning:\udcff\u2028end\x7f"
SHOWN = r"a\x1b[2J\x1b]0;title\x07b\r\x9bc\x08\u202egnp.exe\u2069 [red]:warning:\udcff\u2028end\x7f"
PRINT = """
output = Output()
output.line(text)
output.warning(text)
output.error(text)
output.table((text, "b"), [(text, text)])
with output.progress() as show:
    show(text, 1, 2)
"""


@pytest.mark.parametrize("terminal", [True, False])
def test_control_characters_are_escaped(terminal: bool) -> None:
    """Titles, labels and paths come from untrusted files."""
    script = f"text = {HOSTILE!r}\nfrom torch2web.cli.terminal.console import Output{PRINT}"
    command = [sys.executable, "-c", script]
    if terminal:
        text = on_a_terminal(command, {"TERM": "xterm", "COLUMNS": "400"})
    else:
        result = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
        text = result.stdout.decode() + result.stderr.decode()
    assert text.count(SHOWN) >= 7
    ours = {"\x1b", "\r", "\n"} if terminal else {"\n"}  # own colours, the terminal's line ends
    assert {char for char in text if not char.isprintable()} == ours
    assert "\x1b[2J" not in text


def test_wrong_arguments_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["build", "--max-file-size", HOSTILE], Defaults.installed())
    printed = capsys.readouterr().err
    assert SHOWN in printed
    assert {char for char in printed if not char.isprintable()} == {"\n"}


def test_letters_of_every_script_are_printed_as_they_are() -> None:
    text = "Grüße עברית می‌خواهم 👩‍🚒 a\u00a0b"
    assert printable(text) == text
    assert printable("two\nlines", "\n") == "two\nlines"
    assert printable("Grüße – 猫", encoding="latin-1") == "Grüße \\u2013 \\u732b"
