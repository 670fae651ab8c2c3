"""A site with a split manifest, as of a large catalogue: judged by Python in the page, and used offline."""

from pathlib import Path
from unittest.mock import patch

from playwright.sync_api import Page

from tests.browser.judges.test_verify_page import MANIFEST_FILES, NEUTRAL_PICTURES
from tests.browser.offline.visit import MODEL, answers_sample, opt_in, visit
from tests.browser.server import Hosting
from tests.browser.verify_page import download_results, names_of_tests, open_verify_page
from tests.conftest import ROOT
from tests.tiny_network import write_tiny_catalog
from torch2web.cli import Defaults, main
from torch2web.site.manifest import INDEX_SCHEMA, split


def split_site(folder: Path, cache: Path, *options: object) -> Path:
    """Build a site whose models' entries are files of their own."""
    options = (*options, "--no-precompressed", "--no-docs", "--cache", cache, "--out", folder / "site")
    with patch.object(split, "MAX_INLINE", 0):
        assert main(["build", *map(str, options)], defaults=Defaults.checkout(ROOT)) == 0
    return folder / "site"


def test_python_in_the_page_judges_it(page: Page, cache: Path, host_of: Hosting, tmp_path: Path) -> None:
    site = split_site(tmp_path, cache, *write_tiny_catalog(tmp_path))
    assert open_verify_page(page, host_of(site), "?run") == "passed"
    results = download_results(page, tmp_path)
    catalog = [f"catalog/{file.name}" for file in (site / "models/catalog").glob("*")]
    files = [*MANIFEST_FILES, INDEX_SCHEMA, *catalog]
    expected = names_of_tests(["tiny/compact"], NEUTRAL_PICTURES, files)
    assert sorted(results) == sorted(expected)


def test_page_answers_without_network(page: Page, cache: Path, host_of: Hosting, tmp_path: Path) -> None:
    host = host_of(split_site(tmp_path, cache, "--only", MODEL, "--no-verify-page"))
    visit(page, host)
    opt_in(page)
    host.stop()
    page.reload()
    answers_sample(page)
