"""Asks on a terminal for what a file does not say."""

from torch2web.cli.terminal.console import Output
from torch2web.inspection import Missing


def ask(output: Output, item: Missing) -> str:
    """The value for `item.option`; an empty answer takes the likely one where it may be taken."""
    output.line(f"{item.option}: {item.question}")
    while True:
        answer = output.prompt(f"  [{item.likely}] " if item.known else f"  such as {item.likely}: ").strip()
        if answer or item.known:
            return answer or item.likely
