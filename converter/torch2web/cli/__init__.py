"""The command line: arguments, console, exit codes."""

from torch2web.cli.options import Defaults
from torch2web.cli.command import main

__all__ = ["Defaults", "main"]
