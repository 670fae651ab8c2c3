"""report.html: which devices compute what PyTorch computes, from the outcomes that were saved."""

import hashlib
from collections import Counter
from pathlib import Path

from torch2web.assets import load_assets
from torch2web.errors import OutputError
from torch2web.serve.parity.outcome import CaseOutcome, Outcome, read_saved
from torch2web.site.manifest import MANIFEST
from torch2web.site.writers import render
from torch2web.store import integrity, sha256_of

FAILURES_SHOWN = 20
"""Failed tests of one device that are shown with their messages."""


def report_html(site: Path, folder: Path) -> bytes:
    """One file that needs no other: the outcomes in `folder`, those of `site` first. Raises OutputError."""
    if not (site / MANIFEST).is_file():
        raise OutputError(site, "there is no built site; build it first")
    manifest = sha256_of(site / MANIFEST)
    saved = read_saved(folder)
    assets = load_assets()
    style = "".join(assets.read(f"templates/{name}").decode() for name in ("page.css", "report.css"))
    return render(
        assets,
        "report.html.j2",
        manifest=manifest,
        current=[outcome for outcome in saved.outcomes if outcome.manifest_sha256 == manifest],
        others=[outcome for outcome in saved.outcomes if outcome.manifest_sha256 != manifest],
        unreadable=saved.unreadable,
        shown=FAILURES_SHOWN,
        failures=_failures,
        skips=_skips,
        largest=largest_difference,
        number=decimal,
        style=style,
        style_integrity=integrity(hashlib.sha256(style.encode()).hexdigest()),
    )


def largest_difference(outcome: Outcome) -> float | None:
    """Of all models; None where one of them has no such number."""
    differences = [model.max_abs_diff for model in outcome.models]
    known = [difference for difference in differences if difference is not None]
    return max(known) if known and len(known) == len(differences) else None


def decimal(difference: float | None) -> str:
    """As people read it, without an exponent where it is no huge number."""
    if difference is None:
        return "not known"
    return f"{difference:.7f}" if difference < 1e6 else f"{difference:.1e}"


def _failures(outcome: Outcome) -> list[CaseOutcome]:
    return [test for test in outcome.tests if test.outcome == "failed"]


def _skips(outcome: Outcome) -> list[tuple[str, int]]:
    reasons = (test.message for test in outcome.tests if test.outcome == "skipped")
    return Counter(reason or "of a reason that was not given" for reason in reasons).most_common()
