"""What the command prints: progress and tables on a terminal, plain lines elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from torch2web.cli.terminal.escape import printable
from torch2web.progress import ProgressCallback


class Output:
    """Where messages go. `rich` finds out by itself whether stdout is a terminal.

    Nothing else prints, and nothing here prints a text that is not escaped: as `Text`, in which `rich` reads
    neither [markup] nor :emoji: codes.
    """

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def line(self, text: str) -> None:
        """Print a line of plain text."""
        self._out.print(_lines(self._out, text))

    def warning(self, text: str) -> None:
        """Something that a person should not overlook."""
        self._out.print(_lines(self._out, text, "bold yellow"))

    def prompt(self, text: str) -> str:
        """Ask for a line of text. Raises KeyboardInterrupt where the input ends."""
        try:
            return self._out.input(_cell(self._out, text))
        except EOFError as error:
            raise KeyboardInterrupt from error

    def code(self, lines: Sequence[str]) -> bool:
        """Print a code to be scanned, black on white independent of the terminal's colours.

        False where it would be useless: no terminal, or one without colours, without such characters or too
        narrow.
        """
        console = self._out
        whole = console.width >= max(map(len, lines)) and console.encoding.startswith("utf")
        coloured = console.color_system is not None and not console.no_color
        if not (console.is_terminal and coloured and whole):
            return False
        console.print(Text("\n".join(lines), style="#000000 on #ffffff"))
        return True

    def error(self, text: str, name: str = "") -> None:
        """What went wrong, on stderr; `name` is that of its entry in docs/troubleshooting.md."""
        start = f"error[{name}]:" if name else "error:"
        self._err.print(Text.assemble((start, "bold red"), " ", _lines(self._err, text)))

    @contextmanager
    def progress(self) -> Iterator[ProgressCallback]:
        """Yield a ProgressCallback: a progress bar on a terminal, one line per step elsewhere."""
        if not self._out.is_terminal:
            said: set[str] = set()  # models that are converted at the same time take turns

            def plain(text: str, _done: float, _total: int, _detail: str = "") -> None:
                if text not in said:
                    self.line(text)
                said.add(text)

            yield plain
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._out, transient=True) as progress:
            task = progress.add_task("", total=None)

            def bar(text: str, done: float, total: int, detail: str = "") -> None:
                shown = _cell(self._out, f"{text}: {detail}" if detail else text).plain
                progress.update(task, description=shown, completed=done, total=total)

            yield bar

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table, the first column to the left and the others to the right."""
        if not self._out.is_terminal:
            cells = [[_cell(self._out, text).plain for text in row] for row in (headings, *rows)]
            for line in _plain_table(cells):
                self.line(line)
            return
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
        for index, heading in enumerate(headings):
            table.add_column(_cell(self._out, heading), justify="right" if index else "left", no_wrap=True)
        for row in rows:
            table.add_row(*(_cell(self._out, text) for text in row))
        self._out.print(table)


def _lines(console: Console, text: str, style: str = "") -> Text:
    return Text(printable(text.replace("\r\n", "\n"), "\n\t", console.encoding), style)


def _cell(console: Console, text: str) -> Text:
    """A text that has to stay in its line."""
    return Text(printable(text, "", console.encoding))


def _plain_table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        yield "  ".join(cells).rstrip()
