"""Measures a built site on this machine, in browsers and in native onnxruntime, for the report."""

from torch2web.serve.measure.browsers import Measuring, measure_browser, require_browsers
from torch2web.serve.measure.driven import require_playwright
from torch2web.serve.measure.installed import installed_browser
from torch2web.serve.measure.native import measure_native
from torch2web.serve.measure.opened import end_session
from torch2web.serve.measure.pictures import draw_again
from torch2web.serve.measure.results import read_measured, save_measured

__all__ = [
    "Measuring",
    "draw_again",
    "end_session",
    "installed_browser",
    "measure_browser",
    "measure_native",
    "read_measured",
    "require_browsers",
    "require_playwright",
    "save_measured",
]
