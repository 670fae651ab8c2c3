"""Results of devices that checked themselves: received, stored, reported."""

from torch2web.serve.parity.outcome import Outcome
from torch2web.serve.parity.receive import REPORT, ParityHandler, Post, require_verify_page
from torch2web.serve.parity.report import decimal, report_html, report_inputs

__all__ = [
    "REPORT",
    "Outcome",
    "ParityHandler",
    "Post",
    "decimal",
    "report_html",
    "report_inputs",
    "require_verify_page",
]
