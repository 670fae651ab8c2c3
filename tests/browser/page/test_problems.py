"""What goes wrong is said in a visitor's words, with what to do."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.server import Fault, Host
from tests.browser.shown import ERROR, READY
from tests.browser.sites import script_of, weights_of


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
    loader = script_of(small_site)
    host.faults[loader] = Fault((small_site / loader).read_bytes() + b"\n// changed")
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(host.url)
    page.wait_for_load_state("networkidle")
    assert page.locator("#app").get_attribute("data-state") == "working"
    assert page.inner_text("#label") == "Getting ready …"


NOT_READ = {
    "photo.heic": (b"\0\0\0\x18ftypheic" + bytes(100), "This browser cannot read HEIC", "Most Compatible"),
    "notes.txt": (b"dear diary", "This is not a picture", "JPEG, PNG or WebP"),
    "empty.png": (b"", "The file is empty", "Choose another"),
    "cut.png": (b"\x89PNG\r\n\x1a\n", "This picture cannot be read here", "always work"),
}


def test_files_that_cannot_be_read_get_advice_and_no_broken_image(
    page: Page, host: Host, tmp_path: Path
) -> None:
    page.goto(host.url)
    page.wait_for_selector(READY)
    for name, (content, title, advice) in NOT_READ.items():
        (tmp_path / name).write_bytes(content)
        page.set_input_files("#file", tmp_path / name)
        expect(page.locator("#problem-title")).to_have_text(title)
        assert advice in page.inner_text("#problem-advice")
        expect(page.locator("#preview")).to_be_hidden()
        expect(page.locator("#hint")).to_have_text("No preview of this file")
        assert page.locator("#retry").is_hidden()
    page.locator(".sample").first.click()
    page.wait_for_selector(READY)
    assert page.locator("#preview").is_visible()


def test_without_webassembly_says_what_to_do(page: Page, host: Host) -> None:
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto(host.url)
    page.wait_for_selector(ERROR)
    assert page.inner_text("#problem-title") == "This browser cannot compute here"
    assert "Lockdown Mode" in page.inner_text("#problem-advice")


def test_goes_on_by_itself_when_the_network_returns(page: Page, host: Host, small_site: Path) -> None:
    held = weights_of(small_site, "mobilenet_emotion")[0]
    page.route(f"**/{held}", lambda route: route.abort("internetdisconnected"))
    page.goto(host.url)
    page.wait_for_selector(ERROR)
    page.context.set_offline(True)
    page.click("#retry")
    expect(page.locator("#problem-title")).to_have_text("You are offline")
    page.unroute(f"**/{held}")
    page.context.set_offline(False)
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == "Bored"


def test_a_file_that_did_not_arrive_is_tried_again(page: Page, host: Host, small_site: Path) -> None:
    path = weights_of(small_site, "mobilenet_emotion")[0]
    host.faults[path] = host.faults["samples/bored-1.jpg"] = Fault(b"", status=404)
    page.goto(host.url)
    expect(page.locator("#problem-title")).to_have_text("A file did not arrive")
    del host.faults["samples/bored-1.jpg"]
    page.click("#retry")
    expect(page.locator("#problem-detail")).to_contain_text(path)
    del host.faults[path]
    page.click("#retry")
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == "Bored"


def test_page_that_is_newer_than_its_files_offers_to_reload(page: Page, host: Host) -> None:
    for path in ("models/model_info.json", *(file.name for file in host.site.glob("start-*.bin"))):
        host.faults[path] = Fault(b"{}", content_type="application/json")
    page.goto(host.url)
    page.wait_for_selector(ERROR)
    assert page.inner_text("#problem-title") == "This page was renewed"
    host.faults.clear()
    page.click("#reload")
    page.wait_for_selector(READY)
