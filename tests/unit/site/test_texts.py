"""The page's own words: complete in every language, and in the language of `[site]`."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.browser.sites import derived_site
from torch2web.assets import load_assets
from torch2web.catalog import SiteSettings
from torch2web.catalog.load import ModelSpec
from torch2web.errors import TemplateFileError
from torch2web.site.manifest.records import Weights
from torch2web.site.writers.texts import Texts

ROOT = Path(__file__).parents[3]
TABLES = sorted((ROOT / "templates/texts").glob("*.json"))
LANGUAGES = [path.stem for path in TABLES]

CALL = re.compile(r'\bt(?:exts\.plain)?\(\s*"((?:[^"\\]|\\.)*)"')
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
TITLE = re.compile(r'_MIXED = \("[^"]*", "([^"]*)"\)|PageLink\([^,]+, "([^"]*)"')


def asked_by_templates() -> set[str]:
    files = [ROOT / "templates/index.html.j2", *(ROOT / "templates/parts").glob("*.j2")]
    heading = (ROOT / "converter/torch2web/site/writers/heading.py").read_text()
    links = (ROOT / "converter/torch2web/site/write.py").read_text()
    calls = [text for file in files for text in CALL.findall(file.read_text())]
    titles = [one or other for one, other in TITLE.findall(heading + links)]
    return {*calls, *titles, *CALL.findall(heading)}


def asked_by_scripts() -> set[str]:
    """Of calls, and of the tables of problems, whose every sentence a visitor may see."""
    folder = ROOT / "web/page"
    found = {text for file in folder.rglob("*.ts") for text in CALL.findall(file.read_text())}
    for name in ("explain.ts", "camera/problems.ts"):
        found |= {text for text in STRING.findall((folder / name).read_text()) if " " in text}
    for name in ("offline_choice.ts", "camera/controls.ts"):
        constants = re.findall(
            r'^const [A-Z_]+ =\s+"([A-Z][^"]* [^"]* [^"]*)";', (folder / name).read_text(), re.MULTILINE
        )
        assert constants
        found |= set(constants)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_and_no_other(language: str) -> None:
    table = json.loads((ROOT / f"templates/texts/{language}.json").read_text(encoding="utf-8"))
    assert set(table["page"]) == asked_by_templates()
    assert set(table["scripts"]) == asked_by_scripts()
    for english, text in (table["page"] | table["scripts"]).items():
        assert text.strip(), english
        assert sorted(re.findall(r"\{\d\}", text)) == sorted(re.findall(r"\{\d\}", english)), english


def test_languages_are_the_elements() -> None:
    element = (ROOT / "web/element/texts.ts").read_text()
    spoken = re.findall(r"^  (\w\w): (?:ENGLISH|\{)", element, re.MULTILINE)
    assert sorted(["en", *LANGUAGES]) == sorted(spoken)


def page_in(language: str, site: Path, spec: ModelSpec, folder: Path) -> str:
    settings = SiteSettings(language=language)
    weights = Weights("own.pth", "0" * 64, demo=False)
    return (derived_site(site, folder, spec, weights, settings=settings) / "index.html").read_text()


def test_page_in_german(small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path) -> None:
    spec = replace(catalog["mobilenet_emotion"], labels=("Hund", "Katze", "Maus", "a<b"))
    page = page_in("de-CH", small_site, spec, tmp_path)
    assert '<html lang="de-CH" ' in page
    assert "<bdi>Maus</bdi> oder <bdi>a&lt;b</bdi>?</h1>" in page
    assert "ein neuronales Netz sagt, was es sieht." in page
    assert 'id="camera-start">Kamera<' in page
    assert '<a href="models/model_info.json">model_info.json</a> und <a href=' in page
    (texts,) = re.findall(r'<script type="application/json" id="texts">(.*?)</script>', page)
    assert json.loads(texts)["No answer"] == "Keine Antwort"


@pytest.mark.parametrize("language", ["", "pt-BR"])
def test_page_of_another_language_is_english(
    small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path, language: str
) -> None:
    page = page_in(language, small_site, catalog["mobilenet_emotion"], tmp_path)
    assert '<html lang="en" ' in page
    assert 'id="camera-start">Live camera<' in page
    assert 'id="texts"' not in page


def test_own_table(tmp_path: Path) -> None:
    """It may have some of the texts; the rest is English."""
    (tmp_path / "texts").mkdir()
    table = tmp_path / "texts/fr.json"
    table.write_text('{"page": {"Picture": "<Photo>"}, "scripts": {"No answer": "</script>"}}')
    texts = Texts.of(load_assets().with_templates(tmp_path), "fr")
    assert (texts("Picture"), texts("Answer")) == ("&lt;Photo&gt;", "Answer")
    assert "<" not in texts.scripts
    assert json.loads(texts.scripts) == {"No answer": "</script>"}
    for broken in ("{", "[]", '{"page": {"a": 1}, "scripts": {}}'):
        table.write_text(broken)
        with pytest.raises(TemplateFileError, match="no table of texts"):
            Texts.of(load_assets().with_templates(tmp_path), "fr")


def test_values_are_put_where_a_text_has_them() -> None:
    texts = Texts("de", {"{0} of {1}": "von {1} & mehr {0}, {2}"})
    assert texts.plain("{0} of {1}", "{1}", 7) == "von 7 & mehr {1}, {2}", (
        "each once; a number without a value stays"
    )
    assert texts("{0} of {1}", "<b>", 7) == "von 7 &amp; mehr &lt;b&gt;, {2}"
    assert texts.plain("{0} more", 3) == "3 more"
