"""--template: the user's templates replace single ones."""

from pathlib import Path

import pytest

from tests.browser.sites import derived_site, style_of
from torch2web.assets import load_assets
from torch2web.catalog import SiteSettings
from torch2web.catalog.load import ModelSpec
from torch2web.errors import TemplateFileError
from torch2web.site.manifest.records import Weights
from torch2web.site.writers.templates import render
from torch2web.store.hashing import integrity, sha256_of

OWN = Weights("cats.pth", "0" * 64, demo=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def test_replaces_the_named_one_alone(folder: Path) -> None:
    (folder / "THIRD_PARTY.txt.j2").write_text("mine: {{ runtime }}")
    (folder / ".DS_Store").write_text("no template")
    assets = load_assets().with_templates(folder)
    assert render(assets, "THIRD_PARTY.txt.j2", runtime="none") == b"mine: none"
    assert assets.read("templates/index.html.j2") == load_assets().read("templates/index.html.j2")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fine\n{% if %}", "line 2: TemplateSyntaxError: Expected an expression"),
        ("fine\n\n{{ unknown.name }}", "line 3: UndefinedError: 'unknown' is undefined"),
        ("{{ runtime | nonsense }}", "line 1: TemplateAssertionError: No filter named 'nonsense'"),
        ("{{ 1 / 0 }}", "line 1: ZeroDivisionError: division by zero"),
        ('{% include "missing.j2" %}', "line 1: TemplateNotFound: missing.j2"),
        (b"\xff\xfe\xfa", "TemplateFileError|not"),
    ],
)
def test_broken_one_is_named_with_its_line(folder: Path, text: str | bytes, problem: str) -> None:
    path = folder / "THIRD_PARTY.txt.j2"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(TemplateFileError, match=problem) as caught:
        render(load_assets().with_templates(folder), "THIRD_PARTY.txt.j2", runtime="none")
    assert caught.value.path == path


def test_file_that_replaces_nothing_is_refused(folder: Path) -> None:
    (folder / "indx.html.j2").write_text("")
    with pytest.raises(TemplateFileError, match=r"it replaces no template; there are .*index\.html\.j2"):
        load_assets().with_templates(folder)
    with pytest.raises(TemplateFileError, match="there is no such folder"):
        load_assets().with_templates(folder / "elsewhere")


def test_site_by_settings_and_own_templates(
    small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path, folder: Path
) -> None:
    (folder / "parts").mkdir()
    (folder / "parts/compare.html.j2").write_text("<p>Ours: {{ title }}</p>\n")
    site = derived_site(
        small_site,
        tmp_path,
        catalog["mobilenet_emotion"],
        OWN,
        assets=load_assets().with_templates(folder),
        settings=SiteSettings("Cats & co.", "Show a cat.", "#00695c", "https://cats.example/try/", "de"),
    )
    page = (site / "index.html").read_text()
    assert '<html lang="de" data-manifest=' in page, "the page's own words"
    assert '<h1 lang="de" dir="auto">Cats &amp; co.</h1>' in page
    assert page.count('<bdi class="bar-name" lang="de" dir="auto">') == 5, (
        "the labels, and the template of others"
    )
    assert "<title>Cats &amp; co.</title>" in page
    assert '<p class="lead" lang="de" dir="auto">Show a cat.</p>' in page
    assert "<p>Ours: Cats &amp; co.</p>" in page
    assert '<meta property="og:image" content="https://cats.example/try/card.png">' in page
    assert '<meta property="og:url" content="https://cats.example/try/">' in page
    assert (site / style_of(site)).read_text().count("#00695c") == 1
    assert integrity(sha256_of(site / style_of(site))) in page
    assert "#00695c" in (site / "favicon.svg").read_text()
