"""The documentation in a browser: its snippets run as written, and its pages are accessible."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.server import Host, Hosting
from tests.browser.sites import script_of
from tests.conftest import ROOT
from tests.unit.docs.snippets import Snippet, unmarked
from torch2web.store.hashing import integrity, sha256_of

SNIPPETS = unmarked("html")
PICTURE = '<img src="/torch2web/samples/confused-1.jpg">'
PAGES = ("index", "api", "cli", "troubleshooting")
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    """The site below /torch2web/ of another site."""
    host = host_of(small_site)
    for path in small_site.rglob("*"):
        if path.is_file():
            host.extras[f"torch2web/{path.relative_to(small_site).as_posix()}"] = path
    return host


def with_hashes(content: str, site: Path) -> str:
    """`content` with this site's names and hashes in place of `…`."""
    embed = script_of(site, "embed")
    hashed = "torch2web.js" if "importmap" in content else embed
    return content.replace("embed-….js", embed).replace("sha256-…", integrity(sha256_of(site / hashed)))


@pytest.mark.parametrize("snippet", SNIPPETS, ids=str)
def test_snippet_answers(page: Page, host: Host, small_site: Path, tmp_path: Path, snippet: Snippet) -> None:
    """The snippet with one more line, which reports the result."""
    html = with_hashes(snippet.content, small_site)
    if "my-page.js" in html:
        (script,) = (other for other in unmarked("js") if "my-page.js" in other.content)
        predict = (
            'const { label } = await (await loadModel("mobilenet_emotion")).predict(document.images[0]);'
        )
        (tmp_path / "my-page.js").write_text(f"{script.content}\n{predict}\ndocument.title = label;")
        host.extras["my-page.js"] = tmp_path / "my-page.js"
    elif "const { label, confidence }" in html and "#file" not in html:
        html = html.replace("</script>", "document.title = label;</script>").replace(
            "document.title = label;</script>", "</script>", html.count("</script>") - 1
        )
    start = "" if "<!doctype" in html else f"<!doctype html><meta charset=utf-8>{PICTURE}"
    (tmp_path / "page.html").write_text(start + html)
    host.extras["page.html"] = tmp_path / "page.html"
    page.goto(f"{host.url}page.html")
    if "#file" in html:
        page.set_input_files("#file", small_site / "samples" / "confused-1.jpg")
        page.wait_for_function("() => document.querySelector('#answer').textContent.startsWith('Confused (')")
    else:
        page.wait_for_function("() => document.title === 'Confused'")


def test_there_are_snippets() -> None:
    assert {snippet.page for snippet in SNIPPETS} >= {"README.md", "docs/loader.md", "docs/quickstart.md"}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "height", "scheme"), [(360, 740, "light"), (1280, 800, "dark")])
def test_axe_finds_nothing(page: Page, host: Host, name: str, width: int, height: int, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": height})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{host.url}docs/{name}.html")
    assert said == []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    assert [(entry["id"], [node["html"] for node in entry["nodes"]][:3]) for entry in found] == []


def test_no_page_is_wider_than_the_screen(page: Page, host: Host, small_site: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    pages = sorted(path.name for path in (small_site / "docs").glob("*.html"))
    assert len(pages) > 15
    for name in pages:
        page.goto(f"{host.url}docs/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
