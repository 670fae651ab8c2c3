"""The report of a build: what became of each model, as a page, as Markdown and as model cards."""

from torch2web.site.report.data import DATA, read_data, top_answers
from torch2web.site.report.documents import ReportInputs, conversion_report, model_cards, report_page
from torch2web.site.report.thumbnails import pixels_sha256
from torch2web.site.report.write import CONVERSION_REPORT, PAGE, card_path, write_report

__all__ = [
    "CONVERSION_REPORT",
    "DATA",
    "PAGE",
    "ReportInputs",
    "card_path",
    "conversion_report",
    "model_cards",
    "pixels_sha256",
    "read_data",
    "report_page",
    "top_answers",
    "write_report",
]
