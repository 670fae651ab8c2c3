"""What the commands write to a terminal, and ask there."""

from torch2web.cli.terminal.ask import ask
from torch2web.cli.terminal.console import Output
from torch2web.cli.terminal.escape import printable
from torch2web.cli.terminal.qr import qr_lines

__all__ = ["Output", "ask", "printable", "qr_lines"]
