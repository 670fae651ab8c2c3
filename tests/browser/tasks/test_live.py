"""The page with networks of every task: compared, together, and several files at once."""

import json
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.server import Host
from tests.browser.shown import READY
from tests.browser.tasks.built import PICTURE, Built


@pytest.fixture
def shown(quiet_page: Page, host: Host) -> Page:
    quiet_page.goto(host.url)
    quiet_page.set_input_files("#file", PICTURE)
    quiet_page.wait_for_selector(READY)
    return quiet_page


def wait_for_text(page: Page, selector: str, text: str) -> None:
    page.wait_for_function(
        "([selector, text]) => document.querySelector(selector).textContent.includes(text)",
        arg=[selector, text],
    )


def choose(page: Page, name: str) -> None:
    page.evaluate("document.getElementById('app').dataset.state = 'asked'")
    page.locator(f"input[value='{name}']").check(force=True)
    page.wait_for_selector(READY)


def test_two_networks_side_by_side(shown: Page, built: Built) -> None:
    shown.click("#compare summary")
    shown.wait_for_function("() => document.getElementById('compare-more-2').textContent !== ''")
    assert shown.inner_text("#compare-title") == "classes"
    options = shown.locator("#compare-network option").all_inner_texts()
    assert options == ["logs", "soft", "tags", "marks", "mask", "chance", "age", "years"], "no embedding"
    assert shown.inner_text("#compare-answer-1") == shown.inner_text("#compare-answer-2")
    assert shown.inner_text("#compare-verdict") == "They agree; their percentages differ by up to 0.0 points."
    assert shown.locator("#compare-bars-2 li").count() == 4
    assert violations(shown) == []
    shown.select_option("#compare-network", "tags")
    shown.wait_for_function(
        "() => document.getElementById('compare-verdict').textContent.includes('different')"
    )
    assert shown.locator("#compare-bars-2 li").count() == 5
    choose(shown, "age")
    shown.select_option("#compare-network", "years")
    shown.wait_for_function(
        "() => /^age .*years/.test(document.getElementById('compare-answer-2').textContent)"
    )
    first, second = (shown.inner_text(f"#compare-answer-{side}") for side in (1, 2))
    numbers = [float(text.split()[1].replace(",", "")) for text in (first, second)]
    assert numbers[1] == pytest.approx(2 * numbers[0], rel=1e-2)
    choose(shown, "face")
    shown.wait_for_function("() => document.getElementById('compare-answer-1').textContent === '–'")
    assert "gives no answer to compare" in shown.inner_text("#compare-verdict")


def test_all_of_them_together(shown: Page, built: Built) -> None:
    members = shown.locator("input[value='*']").get_attribute("data-members") or ""
    assert members.split() == ["classes", "logs", "soft"], "the same meaning and labels"
    choose(shown, "*")
    expected = built.scores("classes")
    values = [float(text.split()[0]) for text in shown.locator("#bars .bar-value").all_inner_texts()]
    assert values == pytest.approx([100 * score for score in expected], abs=0.06)
    shown.click("#history summary")
    shown.wait_for_selector("#history-rows tr")
    assert shown.locator("#history-rows .network").first.inner_text() == "All together"


@pytest.mark.parametrize("name", ["tags", "age", "mask"])
def test_several_files_of_a_task(shown: Page, built: Built, tmp_path: Path, name: str) -> None:
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "teal.png")
    choose(shown, name)
    shown.set_input_files("#file", [PICTURE, tmp_path / "teal.png"])
    shown.wait_for_selector("#batch-save:visible")
    with shown.expect_download() as download:
        shown.click("#batch-json")
    records = json.loads(Path(download.value.path()).read_bytes())
    found = [score["score"] for score in records[0]["scores"]]
    assert found == pytest.approx(built.scores(name), abs=1e-2, rel=1e-2)
    assert ("confidence" in records[0]) == (name == "mask")
    assert shown.locator("#batch-rows .answer").all_inner_texts() == [record["answer"] for record in records]
