"""WebP and AVIF files with unusual or invalid structure: read and refused as by Pillow."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.decode_files import BOTH_REFUSE, SAID, SAME
from tests.browser.images.test_pillow_rules import Recorder, decoded, strange
from tests.corpus.containers import container_files

INEXACT = {f"colour-matrix-15-{full}.avif" for full in (0, 128)} | {
    f"grey-matrix-{matrix}-0.avif" for matrix in (0, 1, 2, 5, 6, 12, 15)
}
"""Files that Chromium does not give Pillow's pixels of, as the loader says."""


def test_containers(browser: Browser, tmp_path: Path, record_property: Recorder) -> None:
    files = list(container_files())
    comparisons, _ = decoded(browser, tmp_path, files)
    record_property("checks", len(comparisons))
    assert strange(comparisons, SAME, BOTH_REFUSE, SAID) == []
    assert {c.verdict.name for c in comparisons if c.outcome == SAID} == INEXACT
    assert {c.verdict.name: c.found["ms"] for c in comparisons if c.found["ms"] > 1000} == {}
    assert sum(c.outcome == SAME for c in comparisons) > 30
    assert sum(c.outcome == BOTH_REFUSE for c in comparisons) > 40
