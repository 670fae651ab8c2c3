"""A page that has not started yet, or cannot."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.server import Fault, Host, SlowNetwork
from tests.browser.shown import READY
from tests.browser.sites import script_of

UNSTARTED = "text=This page has not started"


@pytest.mark.parametrize("name", ["index.html", "verify.html"])
def test_page_opened_as_a_file_says_that_it_has_to_be_served(
    page: Page, host: Host, small_site: Path, name: str
) -> None:
    page.goto((small_site / name).as_uri())
    page.wait_for_selector(f"{UNSTARTED} >> visible=true")
    assert "torch2web serve" in page.inner_text("#unstarted")
    page.goto(f"{host.url}{name}")
    page.wait_for_selector("#unstarted", state="detached")


def test_page_of_another_build_than_its_files_says_what_to_do(
    page: Page, host: Host, small_site: Path
) -> None:
    script = script_of(small_site, "page")
    host.faults[script] = Fault((small_site / script).read_bytes() + b"\n")
    page.goto(host.url)
    assert page.locator("#unstarted").is_hidden(), "it may still start"
    page.wait_for_selector(f"{UNSTARTED} >> visible=true")
    assert "Reload it" in page.inner_text("#unstarted")


def test_page_without_scripts_says_so(browser: Browser, host: Host) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(host.url)
    assert "Switch JavaScript on" in page.locator("noscript p").inner_text()
    assert page.locator("noscript p").is_visible()
    context.close()


def test_page_that_starts_late_shows_nothing_else_until_then(page: Page, host: Host) -> None:
    held: list[Route] = []
    page.route(f"**/{script_of(host.site, 'page')}", lambda route: held.append(route))
    page.goto(host.url, wait_until="commit")
    page.wait_for_selector("h1")
    assert page.inner_text("#label") == "Getting ready …", "words at once on a slow network"
    assert page.inner_text("#status") == "Picture and network are on their way"
    top = page.evaluate("document.querySelector('header').getBoundingClientRect().top")
    assert page.locator("#unstarted").is_hidden()
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    page.wait_for_selector(READY)
    assert page.locator("#unstarted").count() == 0
    assert page.evaluate("document.querySelector('header').getBoundingClientRect().top") == top


def test_slow_network_is_told_all_the_time(page: Page, host: Host) -> None:
    """At 1 Mbit/s: words from the first paint on, then bytes that grow, then an answer."""
    host.slow = SlowNetwork(125_000)
    page.add_init_script(
        """window.said = [];
        document.addEventListener("DOMContentLoaded", () => setInterval(() => {
            const [label, status] = ["label", "status"].map((id) => document.getElementById(id).textContent);
            if (`${label}|${status}` !== said.at(-1)) said.push(`${label}|${status}`);
        }, 50));"""
    )
    page.goto(host.url, wait_until="commit")
    page.wait_for_selector(READY)
    said = [text.split("|") for text in page.evaluate("said")]
    assert all(label for label, _ in said), "never without a word"
    loaded = [float(status.split()[1]) for _, status in said if status.startswith("Downloading: ")]
    assert len(set(loaded)) >= 4, said
    assert loaded == sorted(loaded), said
