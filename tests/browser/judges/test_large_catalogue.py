"""A site with a split manifest, as of a large catalogue: judged by Python in the page, and used offline."""

from pathlib import Path
from unittest.mock import patch

import pytest
from playwright.sync_api import Page

from tests.browser.judges.test_verify_page import MANIFEST_FILES, PICTURES
from tests.browser.offline.visit import MODEL, answers_sample, opt_in, visit
from tests.browser.server import Hosting
from tests.browser.verify_page import download_results, names_of_tests, open_verify_page
from tests.conftest import ROOT
from torch2web.cli import Defaults, main
from torch2web.site.manifest import INDEX_SCHEMA, split


@pytest.fixture(scope="module")
def site(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest demo model, whose entry is a file of its own."""
    out = tmp_path_factory.mktemp("split") / "site"
    with patch.object(split, "MAX_INLINE", 0):
        options = ["--only", MODEL, "--out", str(out), "--cache", str(cache), "--no-precompressed"]
        assert main(["build", *options], defaults=Defaults.checkout(ROOT)) == 0
    return out


def test_python_in_the_page_judges_it(page: Page, site: Path, host_of: Hosting, tmp_path: Path) -> None:
    assert open_verify_page(page, host_of(site), "?run") == "passed"
    results = download_results(page, tmp_path)
    catalog = [f"catalog/{file.name}" for file in (site / "models/catalog").glob("*")]
    files = [*MANIFEST_FILES, INDEX_SCHEMA, *catalog]
    expected = names_of_tests([f"{MODEL}/int8"], PICTURES, files)
    assert sorted(results) == sorted(expected)


def test_page_answers_without_network(page: Page, site: Path, host_of: Hosting) -> None:
    host = host_of(site)
    visit(page, host)
    opt_in(page)
    host.stop()
    page.reload()
    answers_sample(page)
