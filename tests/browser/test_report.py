"""report.html in a browser, and `report --browser`, which adds measurements of a browser."""

import json
import shlex
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.server import Hosting
from tests.browser.test_docs import AXE
from tests.conftest import run_build, tree
from tests.unit.docs.snippets import documented

VIEWS = [(360, 740, "light"), (1280, 800, "dark")]


@pytest.mark.parametrize(("width", "height", "scheme"), VIEWS)
def test_report_of_a_site_breaks_no_rule_and_is_not_cut_off(
    browser: Browser, small_site: Path, host_of: Hosting, width: int, height: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(f"{host_of(small_site).url}report.html")
    assert messages == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no scrolling sideways"
    assert page.get_by_role("heading", name="MobileNetV2").count() == 1
    assert page.locator(".thumb").count() == 30
    assert "url(" in page.evaluate("getComputedStyle(document.querySelector('.thumb')).backgroundImage")
    wide = "[...document.querySelectorAll('*')].filter((e) => e.scrollWidth > e.clientWidth + 1"
    wide += " && /auto|scroll/.test(getComputedStyle(e).overflowX) && e.tabIndex < 0).length"
    assert page.evaluate(wide) == 0, "what scrolls can be focused"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    assert [(entry["id"], [node["target"] for node in entry["nodes"]]) for entry in found] == []
    context.close()


def test_measuring_fills_in_the_report(
    page: Page, small_site: Path, host_of: Hosting, tmp_path: Path
) -> None:
    before = tree(small_site)
    line = documented("docs/report.md", "--browser").replace("chromium,firefox,webkit", "chromium")
    command, *options = shlex.split(line)[1:]
    folders = ("--parity-dir", tmp_path / "parity", "--out", tmp_path / "out")
    result = run_build(command, small_site, *options, *folders)
    assert result.returncode == 0, result.stderr
    assert tree(small_site) == before
    measured = json.loads((tmp_path / "parity/measured/chromium.json").read_text())
    (model,) = measured["models"]
    assert [run["backend"].split(" ")[0] for run in model["runs"]] == [
        "compiled",
        *["onnxruntime-web"] * 1,
        "onnxruntime-web,",
    ]
    assert all(0 < run["min_ms"] <= run["median_ms"] for run in model["runs"] if "problem" not in run)
    assert len(model["answers"]) == 30
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert written == {"report.html", "CONVERSION_REPORT.md", "model_cards/mobilenet_emotion.md"}
    page.goto((tmp_path / "out/report.html").as_uri())
    text = page.locator("main").inner_text()
    assert "They are the same on all 30 pictures" in text
    assert "Not measured" not in text
    assert measured["title"] in text
    assert "onnxruntime" in page.locator("tr", has_text="native").last.inner_text()
    assert measured["title"] in (tmp_path / "out/CONVERSION_REPORT.md").read_text()
