"""The page answers: samples, files, pasted and dropped pictures."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.browser.server import Host, Hosting
from tests.browser.shown import ASKING, READY
from tests.corpus.avif import deep


def test_loads_nothing_from_elsewhere_and_breaks_no_rule(
    page: Page, demo_site: Path, host_of: Hosting
) -> None:
    host = host_of(demo_site)
    origins: set[str] = set()
    messages: list[str] = []
    page.on("request", lambda request: origins.add(urlsplit(request.url)[1] or urlsplit(request.url)[0]))
    page.on("console", lambda message: messages.append(_text(message)))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(host.url)
    page.wait_for_selector(READY)
    assert origins - {"blob", "data"} == {urlsplit(host.url)[1]}
    assert messages == [], "a console without complaints: no CSP violation, no warning"


def _text(message: ConsoleMessage) -> str:
    return f"{message.type}: {message.text}"


def test_first_visit_shows_an_answer_and_its_proof(page: Page, host: Host) -> None:
    page.goto(host.url)
    page.wait_for_selector(READY)
    assert page.inner_text("#label") in ("Bored", "Confused", "Focused", "Tired")
    assert page.locator("#bars li").count() == 4
    assert re.fullmatch(r"Answered on this device in \d+ ms", page.inner_text("#status"))
    page.click("#facts-title")
    assert "compiled engine" in page.inner_text("#backend")
    assert "bytes, each as it was built" in page.inner_text("#verified")
    assert re.search(r"at most 0\.\d+ from PyTorch's, on this device", page.inner_text("#selfcheck"))
    assert "from the picture to the answer" in page.inner_text("#time")
    assert "Demo weights" in page.inner_text("#weights")
    shares = [float(text.split()[0]) for text in page.locator(".bar-value").all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=0.3)


def test_every_sample_shows_what_it_was_drawn_to_show(page: Page, demo_site: Path, host_of: Hosting) -> None:
    page.goto(host_of(demo_site).url)
    models = page.locator("input[name=model]")
    wrong = []
    for model in range(models.count()):
        models.nth(model).check(force=True)
        page.locator(f"{READY}, {ASKING}").wait_for()
        if page.locator(ASKING).count():
            page.click("#download")
        for sample in page.locator(".sample").all():
            page.wait_for_selector(READY)
            page.evaluate("document.getElementById('app').dataset.state = 'asked'")
            sample.click()
            page.wait_for_selector(READY)
            alt = sample.locator("img").get_attribute("alt")
            if not (alt or "").endswith(page.inner_text("#label")):
                wrong.append((models.nth(model).get_attribute("value"), alt, page.inner_text("#label")))
    assert wrong == []


def test_pasted_picture_is_answered(page: Page, host: Host) -> None:
    page.goto(host.url)
    page.wait_for_selector(READY)
    _hand_over(page, "paste", "clipboardData", "/samples/tired-1.jpg")
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == "Tired"
    assert page.locator(".sample[aria-pressed=true]").count() == 0


def test_dropped_picture_is_answered(page: Page, host: Host) -> None:
    page.goto(host.url)
    page.wait_for_selector(READY)
    _hand_over(page, "drop", "dataTransfer", "/samples/focused-1.jpg")
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == "Focused"


def _hand_over(page: Page, event: str, key: str, url: str) -> None:
    page.evaluate(
        """async ([type, key, url]) => {
            document.getElementById("app").dataset.state = "asked";
            const blob = await (await fetch(url)).blob();
            const data = new DataTransfer();
            data.items.add(new File([blob], "face.jpg", { type: "image/jpeg" }));
            const event = key === "dataTransfer"
                ? new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true })
                : new ClipboardEvent(type, { clipboardData: data, bubbles: true });
            document.body.dispatchEvent(event);
        }""",
        [event, key, url],
    )


def test_picture_that_is_not_read_exactly_is_said_to_be(page: Page, host: Host, tmp_path: Path) -> None:
    (tmp_path / "deep.avif").write_bytes(deep("4:4:4"))
    page.goto(host.url)
    page.wait_for_selector(READY)
    assert page.locator("#exactness").is_hidden()
    page.set_input_files("#file", tmp_path / "deep.avif")
    page.wait_for_selector("#exactness:visible")
    assert "differently than Python" in page.inner_text("#exactness")
    assert "AVIF of more than 8 bits" in page.inner_text("#exactness")
    page.locator(".sample").first.click()
    page.wait_for_selector("#exactness", state="hidden")
    page.wait_for_selector(READY)
    assert page.locator("#exactness").is_hidden()
