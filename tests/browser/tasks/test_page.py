"""The page answers for every task."""

from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.browser.server import Host
from tests.browser.shown import READY
from tests.browser.tasks.built import PICTURE, Built


def test_page_answers_for_every_task(quiet_page: Page, host: Host, built: Built, tmp_path: Path) -> None:
    """One page with all networks: labels with marks, numbers with units, two pictures compared."""
    page, other = quiet_page, tmp_path / "other.png"
    Image.new("RGB", (40, 30), "teal").save(other)
    page.goto(host.url)
    assert page.inner_text("h1") == "What does the picture show?"
    page.set_input_files("#file", PICTURE)
    shown = {}
    for name in ("tags", "mask", "age", "classes", "face"):
        page.locator(f"input[value={name}]").check()
        page.wait_for_selector(READY)
        shown[name] = [page.inner_text("#label"), page.inner_text("#confidence")]
        rows = page.locator("#bars li")
        shown[name] += [
            f"{row.locator('.bar-name').inner_text()}: {row.locator('.bar-value').inner_text()}"
            for row in rows.all()
        ]
        marks = page.locator("#bars .marked").count()
        assert marks == (5 if name == "tags" else 0)
        assert page.locator("#independent").is_visible() == (name == "tags")
    labels = built.models["tags"]["labels"]
    thresholds = built.task("tags").thresholds
    scores = built.scores("tags")
    applying = {label for label, p, t in zip(labels, scores, thresholds, strict=True) if p >= t}
    assert set(shown["tags"][0].split(", ")) == applying
    assert len(shown["tags"]) == 7
    assert shown["mask"][1].endswith("% sure")
    assert shown["age"][:2] == ["", ""]
    assert [row.split(":")[0] for row in shown["age"][2:]] == ["age", "height"]
    assert shown["age"][2].endswith(" years")
    assert shown["classes"][0] in ("crane", "heron", "stork")
    assert shown["face"][:2] == ["Choose another picture", "to compare with this one"]
    page.set_input_files("#file", other)
    page.wait_for_selector("#similarity:visible")
    assert -1 <= float(page.inner_text("#label")) < 1
    assert page.locator("#reference").is_visible()
    page.get_by_role("button", name="Compare with the current picture instead").click()
    assert page.inner_text("#label") == "Choose another picture"
    page.set_input_files("#file", PICTURE)
    page.wait_for_selector("#similarity:visible")
    page.set_input_files("#file", other)
    page.wait_for_function("() => document.getElementById('label').textContent === '1.000'")


def test_networks_chosen_while_others_load(quiet_page: Page, host: Host, built: Built) -> None:
    """The last choice answers, and no aborted load throws an error that nobody catches."""
    page = quiet_page
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    page.goto(host.url)
    page.set_input_files("#file", PICTURE)
    page.evaluate(
        """async () => {
            const inputs = [...document.querySelectorAll("input[name=model]")];
            for (let turn = 0; turn < 40; turn++) {
                inputs[(turn * 7) % inputs.length].click();
                await new Promise((resolve) => setTimeout(resolve, (turn * 37) % 400));
            }
            inputs.find(({ value }) => value === "age").click();
        }"""
    )
    page.wait_for_selector(READY)
    assert [name.inner_text() for name in page.locator(".bar-name").all()][:2] == ["age", "height"]
