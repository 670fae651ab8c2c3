"""Renders report.html: the results of all devices, from the saved outcomes."""

import hashlib
from collections import Counter
from pathlib import Path

from torch2web.assets import load_assets
from torch2web.errors import OutputError
from torch2web.serve.parity.outcome import CaseOutcome, Outcome, read_saved
from torch2web.site.manifest import MANIFEST
from torch2web.site.writers import render
from torch2web.store import integrity, sha256_of
from torch2web.text_files import decode_text

MAX_FAILURES = 20
"""Failed tests shown with their messages, per device."""


def report_html(site: Path, folder: Path) -> bytes:
    """Render the outcomes in `folder`, those of the current `site` first, as a self-contained HTML file.

    Raises OutputError if there is no built site.
    """
    if not (site / MANIFEST).is_file():
        raise OutputError(site, "there is no built site; build it first")
    manifest = sha256_of(site / MANIFEST)
    saved = read_saved(folder)
    assets = load_assets()
    style = "".join(
        decode_text(assets.read(f"templates/{name}"), name) for name in ("page.css", "report.css")
    )
    return render(
        assets,
        "report.html.j2",
        manifest=manifest,
        current=[outcome for outcome in saved.outcomes if outcome.manifest_sha256 == manifest],
        others=[outcome for outcome in saved.outcomes if outcome.manifest_sha256 != manifest],
        unreadable=saved.unreadable,
        shown=MAX_FAILURES,
        failures=_failures,
        skips=_skips,
        largest=largest_difference,
        number=decimal,
        style=style,
        style_integrity=integrity(hashlib.sha256(style.encode()).hexdigest()),
    )


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
