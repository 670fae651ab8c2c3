"""The page without network, after the visitor opted in."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.offline.visit import (
    BUSY,
    ERROR,
    MODEL,
    READY,
    answers_sample,
    opt_in,
    registrations,
    shells,
    visit,
)
from tests.browser.server import Host, Hosting
from tests.browser.sites import runtime_of, script_of, style_of
from torch2web.site.manifest.layout import MANIFEST, OFFLINE, read_sums
from torch2web.store.hashing import integrity


def test_nothing_is_cached_without_opting_in(page: Page, host: Host) -> None:
    visit(page, host)
    expect(page.locator("#keep")).to_be_visible()
    expect(page.locator("#keep")).not_to_be_checked()
    assert registrations(page) == 0
    assert shells(page) == []
    assert OFFLINE not in host.requests


@pytest.mark.parametrize("cut", ["device offline", "server gone"])
def test_page_and_answers_without_network(page: Page, host: Host, cut: str) -> None:
    visit(page, host)
    opt_in(page)
    if cut == "server gone":
        host.stop()
    else:
        page.context.set_offline(True)
    count = len(host.requests)
    for path in ("", "index.html", "?from=elsewhere#answer"):
        page.goto(host.url + path)
        page.reload()
        page.wait_for_selector(READY)
        answers_sample(page)
    expect(page.locator("#keep")).to_be_checked()
    assert "Works without internet now" in page.inner_text("#keep-status")
    # Except Chromium's update check of the worker, which its emulation of "offline" lets through.
    assert set(host.requests[count:]) <= {OFFLINE}


def test_network_that_was_never_here(page: Page, demo_site: Path, host_of: Hosting) -> None:
    visit(page, host_of(demo_site))
    opt_in(page)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector(READY)
    page.check("input[value=efficientnet_emotion]", force=True)
    page.wait_for_selector(ERROR)
    assert "not on this device yet" in page.inner_text("#problem")
    assert "DownloadError" in (page.text_content("#problem-detail") or "")
    assert page.inner_text("#label") == "No answer"
    page.check(f"input[value={MODEL}]", force=True)
    page.wait_for_selector(READY)


def test_not_offered_without_storage(page: Page, host: Host) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'serviceWorker', { value: undefined });")
    visit(page, host)
    assert page.locator("#keeping").is_hidden()


def listed_in(site: Path) -> dict[str, str]:
    """Files that the service worker caches: `integrity` by path."""
    return dict(re.findall(r'"([^"]+)":"(sha256-[^"]+)"', (site / OFFLINE).read_text()))


def test_list_has_the_files_of_the_build(small_site: Path) -> None:
    text = (small_site / OFFLINE).read_text()
    listed = listed_in(small_site)
    sums, _ = read_sums(small_site)
    assert listed == {path: integrity(sums[path]) for path in listed}
    left_out = {path for path in sums if path not in listed}
    samples = {path for path in sums if path.startswith("samples/") and path.endswith(".jpg")}
    scripts = {script_of(small_site, name) for name in ("torch2web", "images", "manifest", "sha256")}
    runtime = runtime_of(small_site)
    assert samples | scripts | {runtime["api"], runtime["glue"], MANIFEST} <= set(listed)
    assert {"index.html", script_of(small_site, "page"), style_of(small_site), "torch2web.js"} <= set(listed)
    assert {OFFLINE, runtime["wasm"], "verify.html", "verify.js"} <= left_out
    assert not [path for path in listed if path.startswith(("models/parts", "verify"))]
    for word in ("http:", "https:", "eval(", "Function(", "createObjectURL"):
        assert word not in text


def test_only_plain_requests_for_listed_files_are_answered(page: Page, host: Host, small_site: Path) -> None:
    visit(page, host)
    opt_in(page)
    page.reload()
    page.wait_for_selector(READY)
    page.context.set_offline(True)
    answered = page.evaluate(
        """async ([pinned, wrong, loader]) => {
            const answered = {};
            const ask = async (what, url, options) => {
                const response = await fetch(url, options).catch(() => undefined);
                answered[what] = response?.ok ?? false;
            };
            await ask("plain", "torch2web.js");
            await ask("no-cache", "torch2web.js", { cache: "no-cache" });
            await ask("pinned", "torch2web.js", { integrity: pinned });
            await ask("by hash", loader);
            await ask("of another build", "torch2web.js", { integrity: wrong });
            await ask("past caches", "torch2web.js", { cache: "reload" });
            await ask("query", "torch2web.js?retry=1");
            await ask("range", "torch2web.js", { headers: { Range: "bytes=0-99" } });
            await ask("HEAD", "torch2web.js", { method: "HEAD" });
            await ask("POST", "torch2web.js", { method: "POST" });
            await ask("outside of the list", "verify.html");
            return answered;
        }""",
        [
            integrity(read_sums(small_site)[0]["torch2web.js"]),
            integrity(read_sums(small_site)[0]["offline.js"]),
            script_of(small_site),
        ],
    )
    assert [what for what, ok in answered.items() if ok] == ["plain", "no-cache", "pinned", "by hash"]
    assert len(answered) == 11


def test_server_in_trouble_is_like_no_network(page: Page, host: Host) -> None:
    visit(page, host)
    opt_in(page)
    host.faults |= dict.fromkeys(("", *read_sums(host.site)[0]), BUSY)
    page.reload()
    page.wait_for_selector(READY)
    answers_sample(page)


def test_opting_out_leaves_nothing_and_can_be_taken_back(page: Page, host: Host) -> None:
    visit(page, host)
    opt_in(page)
    neighbour = f"torch2web-offline {host.url}other/ {host.url}other/ 123"
    page.evaluate("name => caches.open(name)", neighbour)
    page.uncheck("#keep")
    expect(page.locator("#keep-status")).to_contain_text("No longer kept")
    assert registrations(page) == 0
    assert page.evaluate("caches.keys()") == [neighbour], "the models are gone too"
    answers_sample(page)
    opt_in(page)
    assert len(shells(page)) == 2
    page.wait_for_selector(READY)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector(READY)
    answers_sample(page, "focused-1")
    page.uncheck("#keep")
    expect(page.locator("#keep-status")).to_contain_text("No longer kept")
    page.context.set_offline(False)
    page.goto("about:blank")
    visit(page, host)
    expect(page.locator("#keep")).not_to_be_checked()
    assert registrations(page) == 0
