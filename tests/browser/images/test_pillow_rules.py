"""Files that Pillow repairs, rotates or refuses by its own rules, all of which the loader follows."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.decode_files import (
    BOTH_REFUSE,
    SAID,
    SAME,
    Comparison,
    compare,
    decoding_page,
    peak_memory,
)
from tests.browser.mutated_files import judge
from tests.corpus.bombs import bombs, large_text, surplus_pixels
from tests.corpus.corpus_file import CorpusFile
from tests.corpus.orientations import orientation_files
from tests.corpus.repaired import repaired_files

MIB = 2**20
INEXACT = [
    "cmyk-restart-before-end.jpg",
    "cmyk-restart-marker-text-before-end.jpg",
    "last-scan-missing.jpg",
]
"""Files that Chromium does not give Pillow's pixels of, as the loader says."""

Recorder = Callable[[str, object], None]


def decoded(
    browser: Browser, folder: Path, files: Sequence[CorpusFile], orientation: str = "ignore"
) -> tuple[list[Comparison], int]:
    """The loader's results for the files, and its peak memory."""
    source, bundle = folder / "files", folder / "bundle"
    for path in (source, bundle):
        path.mkdir()
    for file in files:
        (source / file.name).write_bytes(file.content)
    verdicts = [judge(file.name, file.content, orientation) for file in files]
    with decoding_page(browser, bundle) as page:
        return compare(page, source, verdicts, orientation), peak_memory(browser)


def strange(comparisons: Sequence[Comparison], *allowed: str) -> list[str]:
    return [str(comparison) for comparison in comparisons if comparison.outcome not in allowed]


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "bmp", "ico"])
def test_repaired_files(browser: Browser, tmp_path: Path, record_property: Recorder, ending: str) -> None:
    files = [file for file in repaired_files() if file.name.endswith(ending)]
    comparisons, _ = decoded(browser, tmp_path, files)
    record_property("checks", len(comparisons))
    assert strange(comparisons, SAME, BOTH_REFUSE, SAID) == []
    said = [comparison.verdict.name for comparison in comparisons if comparison.outcome == SAID]
    assert said == [name for name in INEXACT if name.endswith(ending)]
    assert sum(comparison.outcome == SAME for comparison in comparisons) > 50


def test_orientations(browser: Browser, tmp_path: Path, record_property: Recorder) -> None:
    files = list(orientation_files())
    comparisons, _ = decoded(browser, tmp_path, files, "apply")
    record_property("checks", len(comparisons))
    assert strange(comparisons, SAME) == []


def test_bombs_are_refused_before_memory_is_taken(browser: Browser, tmp_path: Path) -> None:
    files = list(bombs())
    comparisons, memory = decoded(browser, tmp_path, files)
    assert all("DecompressionBombError" in comparison.verdict.reason for comparison in comparisons)
    assert strange(comparisons, BOTH_REFUSE) == []
    assert {c.verdict.name: c.found["ms"] for c in comparisons if c.found["ms"] > 1000} == {}
    assert memory < 300 * MIB


def test_decompression_ends_at_the_size_in_the_header(browser: Browser, tmp_path: Path) -> None:
    files = [
        CorpusFile("PNG", "surplus.png", surplus_pixels(256 * MIB)),
        CorpusFile("PNG", "text.png", large_text(MIB)),
        CorpusFile("PNG", "large-text.png", large_text(MIB + 1)),
    ]
    comparisons, memory = decoded(browser, tmp_path, files)
    assert [comparison.outcome for comparison in comparisons] == [SAME, SAME, BOTH_REFUSE]
    assert max(comparison.found["ms"] for comparison in comparisons) < 2000
    assert memory < 300 * MIB
