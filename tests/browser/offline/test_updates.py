"""Several builds of a site: an offline page is of one build, and no mixture is cached."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.offline.test_page import listed_in
from tests.browser.offline.visit import (
    BUSY,
    READY,
    answers_sample,
    opt_in,
    registrations,
    shells,
    title_of,
    visit,
    wait_for_shells,
)
from tests.browser.server import Fault, Host
from tests.browser.sites import runtime_of
from torch2web.site.manifest.layout import MANIFEST


def test_new_version_is_shown_and_the_old_one_dropped(page: Page, host: Host, other_build: Path) -> None:
    visit(page, host)
    opt_in(page)
    (old,) = shells(page)
    neighbour = f"torch2web-offline {host.url}other/ {host.url}other/ 123"
    page.evaluate("name => caches.open(name)", neighbour)
    host.replace(other_build)
    page.reload()
    page.wait_for_selector(READY)
    assert title_of(page) == "The newer one", "at the first reload"
    wait_for_shells(page, lambda names: len(names) == 2 and old not in names)
    assert neighbour in shells(page), "another site of the same origin keeps its own"
    host.stop()
    page.reload()
    page.wait_for_selector(READY)
    assert title_of(page) == "The newer one"
    answers_sample(page)


def test_open_page_keeps_its_version(page: Page, host: Host, other_build: Path) -> None:
    """Also files not yet requested, although the server has newer ones."""
    listed = listed_in(host.site)
    visit(page, host)
    opt_in(page)
    second = page.context.new_page()
    visit(second, host)
    host.replace(other_build)
    page.reload()
    page.wait_for_selector(READY)
    assert title_of(page) == "The newer one"
    wait_for_shells(page, lambda names: len(names) == 2)
    wrong = second.evaluate(
        """async (listed) => {
            const wrong = [];
            for (const [path, integrity] of Object.entries(listed)) {
                await fetch(path, { integrity }).catch(() => wrong.push(path));
            }
            return wrong;
        }""",
        listed,
    )
    assert len(listed) > 15
    assert wrong == []
    assert len(shells(page)) == 2
    second.close()
    for pause in (
        100,
        700,
        900,
        1000,
        1100,
        1200,
        1500,
        2000,
        *[3000] * 30,
    ):  # reload as soon as the new one starts
        page.reload()
        page.wait_for_selector(READY)
        if len(shells(page)) == 1:
            break
        page.wait_for_timeout(pause)
    assert len(shells(page)) == 1
    page.reload()
    page.wait_for_selector(READY)


def test_page_of_the_old_version_does_not_call_for_the_new_worker(
    page: Page, host: Host, other_build: Path
) -> None:
    """Both have the same loader. The open page keeps the worker of its build.

    Only a page that the old worker controls makes the new one wait. After one that came past the worker, as
    where it did not start, the browser activates the new one as soon as the old one is idle.
    """
    visit(page, host)
    opt_in(page)
    reload_until_controlled(page)
    old = shells(page)
    host.replace(other_build)
    # The browser's own update after a visit may have asked for the old file: this call would join it.
    found = page.evaluate(
        """async (type) => {
            const registration = await navigator.serviceWorker.getRegistration();
            while (!registration.waiting) {
                if (!registration.installing) await registration.update();
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            const { waiting } = registration;
            const states = [waiting.state];
            waiting.addEventListener("statechange", () => states.push(waiting.state));
            const { port1, port2 } = new MessageChannel();
            const answered = new Promise((resolve) => { port1.onmessage = resolve; });
            waiting.postMessage({ type }, [port2]);
            await answered; // after what the page has asked for before
            await new Promise((resolve) => setTimeout(resolve, 1000));
            return { states, controller: navigator.serviceWorker.controller?.state };
        }""",
        "torch2web keep",
    )
    assert found == {"states": ["installed"], "controller": "activated"}
    assert set(old) < set(shells(page))


def reload_until_controlled(page: Page) -> None:
    """Reload until the page was served by its worker."""
    for _ in range(10):
        page.reload()
        page.wait_for_selector(READY)
        if page.evaluate("navigator.serviceWorker.controller !== null"):
            return
    pytest.fail("the worker does not serve the page")


@pytest.mark.parametrize("path", ["torch2web.js", MANIFEST])
def test_interrupted_update_is_not_reported_as_altered(
    page: Page, host: Host, other_build: Path, path: str
) -> None:
    """A page of the new version never gets files of the old one, which would fail its integrity check."""
    visit(page, host)
    opt_in(page)
    title = title_of(page)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    host.replace(other_build)
    host.faults[path] = BUSY
    page.reload()
    page.wait_for_selector(READY)  # of files with a hash in their name
    page.wait_for_load_state("networkidle")
    assert title_of(page) == "The newer one"
    assert path in host.requests
    assert [text for text in said if "digest" in text] == []
    host.stop()
    page.reload()
    page.wait_for_selector(READY)
    assert title_of(page) == title, "the old version is whole"
    answers_sample(page)


@pytest.mark.parametrize("path", ["index.html", "samples/tired-2.jpg", "glue"])
@pytest.mark.parametrize("wrong", ["changed", "missing"])
def test_file_that_is_not_of_the_build_keeps_everything_out(
    page: Page, host: Host, path: str, wrong: str
) -> None:
    visit(page, host)
    path = runtime_of(host.site).get(path, path)
    content = (host.site / path).read_bytes()
    host.faults[path] = Fault(content + b"\n") if wrong == "changed" else Fault(b"no", 404, "text/plain")
    page.check("#keep")
    expect(page.locator("#keep-status")).to_contain_text("This did not work")
    expect(page.locator("#keep")).not_to_be_checked()
    assert shells(page) == []
    assert registrations(page) == 0
    host.faults.clear()
    opt_in(page)


def test_update_with_a_changed_file_leaves_the_old_version(page: Page, host: Host, other_build: Path) -> None:
    visit(page, host)
    opt_in(page)
    title, (old,) = title_of(page), shells(page)
    host.replace(other_build)
    host.faults["samples/bored-2.jpg"] = Fault(b"no picture")
    outcome = page.evaluate(
        """async () => {
            const registration = await navigator.serviceWorker.getRegistration();
            const found = new Promise((resolve) =>
                registration.addEventListener("updatefound", () => resolve(registration.installing)));
            await registration.update();
            const worker = await found;
            const settled = () => ["installed", "redundant"].includes(worker.state);
            while (!settled()) await new Promise((resolve) => (worker.onstatechange = resolve));
            return worker.state;
        }"""
    )
    assert outcome == "redundant"
    assert shells(page) == [old]
    host.stop()
    page.reload()
    page.wait_for_selector(READY)
    assert title_of(page) == title
