"""What goes wrong is said in a visitor's words, with what to do."""

from pathlib import Path

from playwright.sync_api import Page

from tests.browser.server import Fault, Host
from tests.browser.shown import ERROR, READY
from tests.browser.sites import weights_of


def test_file_that_is_no_picture_is_explained(page: Page, host: Host, tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("not a picture")
    page.goto(host.url)
    page.wait_for_selector(READY)
    page.set_input_files("#file", path)
    page.wait_for_selector(ERROR)
    assert "This picture cannot be read" in page.inner_text("#problem")
    assert page.inner_text("#label") == "No answer", "no answer stands beside an error"
    page.locator(".sample").first.click()
    page.wait_for_selector(READY)
    assert page.locator("#problem").is_hidden()


def test_changed_model_is_explained_and_not_used(page: Page, host: Host, small_site: Path) -> None:
    path = weights_of(small_site, "mobilenet_emotion")[0]
    content = bytearray((small_site / path).read_bytes())
    content[1000] ^= 1
    host.faults[path] = Fault(bytes(content))
    page.goto(host.url)
    page.wait_for_selector(ERROR)
    assert "not the one that this page was built with" in page.inner_text("#problem")
    assert path in (page.text_content("#problem-detail") or "")
    assert page.inner_text("#label") == "No answer"
    assert page.locator("#reload").is_visible()


def test_changed_loader_does_not_run(page: Page, host: Host, small_site: Path) -> None:
    host.faults["torch2web.js"] = Fault((small_site / "torch2web.js").read_bytes() + b"\n// changed")
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(host.url)
    page.wait_for_load_state("networkidle")
    assert page.locator("#app").get_attribute("data-state") == "working"
    assert page.inner_text("#label") == "Getting ready …"
