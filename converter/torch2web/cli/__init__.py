"""The command line: arguments, console, exit codes."""

from torch2web.cli.command import main
from torch2web.cli.options import Defaults

__all__ = ["Defaults", "main"]
