"""report.html with the results of devices: written by `report`, served by `serve --parity`."""

from collections import Counter
from pathlib import Path

from torch2web.assets import load_assets
from torch2web.errors import ManifestError, OutputError
from torch2web.serve.measure import read_measured
from torch2web.serve.parity.outcome import CaseOutcome, Outcome, read_saved
from torch2web.site.manifest import MANIFEST, join_site_manifest
from torch2web.site.report import ReportInputs, read_data, report_page
from torch2web.store import sha256_of

MAX_FAILURES = 20
"""Failed tests shown with their messages, per device."""


def report_inputs(site: Path, folder: Path) -> ReportInputs:
    """What the report of the built `site` is written from, with the outcomes in `folder`.

    Raises OutputError if there is no built site, or if it is damaged.
    """
    if not (site / MANIFEST).is_file():
        raise OutputError(site, "there is no built site; build it first")
    try:
        content = join_site_manifest(site)
    except (ManifestError, OSError) as error:
        raise OutputError(site / MANIFEST, f"{error}; build the site again") from error
    manifest = sha256_of(site / MANIFEST)
    saved = read_saved(folder)
    measured, damaged = read_measured(folder, manifest)
    devices = {
        "current": [outcome for outcome in saved.outcomes if outcome.manifest_sha256 == manifest],
        "others": [outcome for outcome in saved.outcomes if outcome.manifest_sha256 != manifest],
        "unreadable": [*saved.unreadable, *damaged],
        "shown": MAX_FAILURES,
        "failures": _failures,
        "skips": _skips,
        "largest": largest_difference,
        "number": decimal,
    }
    return ReportInputs(content, manifest, read_data(site), measured, devices)


def report_html(site: Path, folder: Path) -> bytes:
    """The report of the built `site` as a self-contained HTML file. Raises OutputError: see report_inputs."""
    return report_page(load_assets(), report_inputs(site, folder))


def largest_difference(outcome: Outcome) -> float | None:
    """Maximum difference over all models; None if a model has none."""
    differences = [model.max_abs_diff for model in outcome.models]
    known = [difference for difference in differences if difference is not None]
    return max(known) if known and len(known) == len(differences) else None


def decimal(difference: float | None) -> str:
    """Format a difference, with an exponent only from 1e6 on."""
    if difference is None:
        return "unknown"
    return f"{difference:.7f}" if difference < 1e6 else f"{difference:.1e}"


def _failures(outcome: Outcome) -> list[CaseOutcome]:
    return [test for test in outcome.tests if test.outcome == "failed"]


def _skips(outcome: Outcome) -> list[tuple[str, int]]:
    reasons = (test.message for test in outcome.tests if test.outcome == "skipped")
    return Counter(reason or "no reason given" for reason in reasons).most_common()
