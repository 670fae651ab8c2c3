"""Mutated files of every format: the loader reads the same pixels and refuses the same files as Pillow."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.decode_files import (
    BOTH_REFUSE,
    DIFFERENT,
    SAID,
    SAME,
    compare,
    decoding_page,
    peak_memory,
    table,
)
from tests.browser.mutated_files import COUNTS, write_mutants

MAX_SECONDS = 5
MAX_MEMORY = 2**30


def test_mutated_files(
    browser: Browser, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    files, bundle = tmp_path / "files", tmp_path / "bundle"
    bundle.mkdir()
    verdicts = write_mutants(files, COUNTS)
    with decoding_page(browser, bundle) as page:
        comparisons = compare(page, files, verdicts)
        memory = peak_memory(browser)
    print(table(comparisons))
    record_property("checks", len(comparisons))
    assert [str(comparison) for comparison in comparisons if comparison.outcome == DIFFERENT] == []
    agreeing = [c for c in comparisons if c.outcome in (SAME, BOTH_REFUSE, SAID)]
    others = [str(c) for c in comparisons if c.outcome not in (SAME, BOTH_REFUSE, SAID)]
    assert len(agreeing) >= 0.995 * len(comparisons), "\n".join(others)
    assert [str(c) for c in comparisons if c.found["ms"] > 1000 * MAX_SECONDS] == []
    assert memory < MAX_MEMORY
