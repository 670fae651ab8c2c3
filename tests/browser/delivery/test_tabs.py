"""Concurrent loads, in one tab and several, and aborted ones."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.parted import (
    MODEL,
    ON_ONNXRUNTIME,
    ONNXRUNTIME,
    begin,
    end,
    hashes,
    load,
    open_page,
    parts_of,
    requested,
    stored,
    wait_for_lock,
)
from tests.browser.server import Fault, Host, Hosting

ABORTED = """([name, file]) => {
    const controller = new AbortController();
    const onProgress = (progress) => {
        if (progress.file === file && progress.loaded) controller.abort();
    };
    // Counted here, because what was asked for just before may reach the server afterwards.
    const { fetch } = window;
    window.late = [];
    window.fetch = (url, options) => {
        if (controller.signal.aborted && !options?.signal?.aborted) window.late.push(url);
        return fetch(url, options);
    };
    const options = { backends: ["wasm"], threads: 1 };
    // In the page, where its calls of fetch are seen.
    const { signal } = controller;
    const load = torch2web.loadModel(name, { ...options, onProgress, signal, worker: false });
    return kept.within(load.catch(probe.describe));
}"""
NO_LOCKS = "() => navigator.locks.query().then(({ held, pending }) => held.length + pending.length === 0)"
ONE_LOCK = NO_LOCKS.replace("=== 0", "=== 1")


@pytest.fixture
def host(parted_site: Path, host_of: Hosting) -> Host:
    return host_of(parted_site)


@pytest.fixture
def opened(quiet_page: Page, host: Host) -> Page:
    open_page(quiet_page, host)
    return quiet_page


@pytest.fixture
def second(opened: Page, context: BrowserContext, host: Host) -> Page:
    """Another tab."""
    page = context.new_page()
    open_page(page, host)
    return page


def every_part(host: Host, *kinds: str) -> list[str]:
    return sorted(part.path for part in parts_of(host.site, *kinds))


def test_two_tabs_download_once(opened: Page, second: Page, host: Host) -> None:
    pause = host.pause_at(parts_of(host.site, "weights")[0].path)
    begin(opened)
    pause.wait_until_asked()
    begin(second)
    wait_for_lock(second)
    pause.go_on()
    first, other = end(opened), end(second)
    assert first["label"] == other["label"]
    assert sorted(requested(host)) == every_part(host)
    assert stored(second) == hashes(parts_of(host.site))
    both = sum(result["cache"]["fromCache"] + result["cache"]["downloaded"] for result in (first, other))
    assert both == 2 * sum(part.size for part in parts_of(host.site, "weights", "plan"))


def test_tab_goes_on_where_another_was_closed(opened: Page, second: Page, host: Host) -> None:
    part = parts_of(host.site, "weights")[0]
    pause = host.pause_at(part.path)
    begin(opened)
    pause.wait_until_asked()
    begin(second)
    wait_for_lock(second)
    opened.close()
    assert "error" not in end(second)
    # Only parts that the closed tab had not finished are requested again.
    again = [path for path in set(requested(host)) if requested(host).count(path) > 1]
    assert part.path in again
    assert len(again) <= 4
    assert stored(second) == hashes(parts_of(host.site))


def test_two_loads_in_one_page_download_once(opened: Page, host: Host) -> None:
    names = opened.evaluate(
        """async name => {
            const options = { backends: ["compiled"], threads: 1 };
            const loads = [torch2web.loadModel(name, options), torch2web.loadModel(name, options)];
            const models = await kept.within(Promise.all(loads));
            return models.map(({ info }) => info.name);
        }""",
        MODEL,
    )
    assert names == [MODEL, MODEL]
    assert sorted(requested(host)) == every_part(host)


def test_two_tabs_without_locks(context: BrowserContext, host: Host) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined });")
    pages = [context.new_page(), context.new_page()]
    for page in pages:
        open_page(page, host)
    for page in pages:
        begin(page)
    labels = {end(page)["label"] for page in pages}
    assert len(labels) == 1
    assert stored(pages[0]) == hashes(parts_of(host.site))


def test_lock_that_is_never_released(opened: Page, second: Page, host: Host) -> None:
    """As of a tab that a phone has frozen: others wait no longer than for a stalled connection."""
    name = f"torch2web {host.url} {parts_of(host.site, 'weights')[0].sha256}"
    opened.evaluate("name => { navigator.locks.request(name, () => new Promise(() => {})); }", name)
    opened.wait_for_function(ONE_LOCK)
    load(second, stallTimeout=500)
    assert stored(second) == hashes(parts_of(host.site))
    assert sorted(requested(host)) == every_part(host)


def test_tab_that_shows_life_is_waited_for(opened: Page, second: Page, host: Host) -> None:
    """However long it takes, since a second download would not be faster."""
    part = parts_of(host.site, "weights")[0]
    opened.evaluate(
        """name => {
            const channel = new BroadcastChannel(name);
            window.signs = 0;
            setInterval(() => { channel.postMessage(""); window.signs++; }, 100);
            navigator.locks.request(name, () => new Promise((resolve) => { window.letGo = resolve; }));
        }""",
        f"torch2web {host.url} {part.sha256}",
    )
    opened.wait_for_function(ONE_LOCK)
    begin(second, stallTimeout=1000)
    wait_for_lock(second)
    opened.evaluate("window.signs = 0")
    opened.wait_for_function("() => window.signs > 30")
    assert part.path not in requested(host)
    opened.evaluate("window.letGo()")
    assert "error" not in end(second)


@pytest.mark.parametrize("file", [f"{MODEL}/compact", "onnxruntime-web"])
def test_abort_ends_all_requests_and_the_next_load_goes_on(opened: Page, host: Host, file: str) -> None:
    result = opened.evaluate(ABORTED, [MODEL, file])
    assert result["error"] == "AbortError"
    opened.wait_for_function(NO_LOCKS)
    assert set(requested(host)) < set(every_part(host, *ONNXRUNTIME))
    kept = stored(opened)
    assert opened.evaluate("window.late") == []
    open_page(opened, host)
    load(opened, **ON_ONNXRUNTIME)
    missing = [part.path for part in parts_of(host.site, *ONNXRUNTIME) if part.sha256 not in kept]
    assert sorted(requested(host)) == sorted(missing)


def test_abort_while_another_tab_has_the_lock(opened: Page, second: Page, host: Host) -> None:
    pause = host.pause_at(parts_of(host.site, "weights")[0].path)
    begin(opened)
    pause.wait_until_asked()
    second.evaluate(
        """name => {
            const options = { backends: ["compiled"], threads: 1 };
            window.controller = new AbortController();
            const { signal } = window.controller;
            window.result = torch2web.loadModel(name, { ...options, signal }).catch(probe.describe);
        }""",
        MODEL,
    )
    wait_for_lock(second)
    second.evaluate("window.controller.abort()")
    assert end(second)["error"] == "AbortError"
    # A page always waits for its worker's lock, to notice the worker's end.
    parts = "pending.filter(({ name }) => name.includes('://'))"
    assert second.evaluate(f"navigator.locks.query().then(({{ pending }}) => {parts}.length)") == 0
    pause.go_on()
    assert "error" not in end(opened)
    assert sorted(requested(host)) == every_part(host)


def test_abort_of_one_load_leaves_the_runtime_to_another(opened: Page, host: Host) -> None:
    pause = host.pause_at(parts_of(host.site, "wasm")[-1].path)
    opened.evaluate(
        """name => {
            const options = { backends: ["wasm"], threads: 1 };
            window.controller = new AbortController();
            const { signal } = window.controller;
            window.aborted = torch2web.loadModel(name, { ...options, signal }).catch(probe.describe);
            window.result = torch2web.loadModel(name, options).then(() => ({}), probe.describe);
        }""",
        MODEL,
    )
    pause.wait_until_asked()
    opened.evaluate("window.controller.abort()")
    assert opened.evaluate("kept.within(window.aborted)")["error"] == "AbortError"
    pause.go_on()
    assert end(opened) == {}
    wasm = [path for path in requested(host) if path.endswith(".wasm")]
    assert sorted(wasm) == sorted(part.path for part in parts_of(host.site, "wasm"))


def test_few_parts_at_a_time(opened: Page, host: Host) -> None:
    """Limited for all files together, since requests in the browser's own queue look like stalled ones."""
    parts = parts_of(host.site, "wasm")[:4]
    pauses = [host.pause_at(part.path) for part in parts]
    begin(opened, **ON_ONNXRUNTIME)
    for pause in pauses:
        pause.wait_until_asked()
    opened.wait_for_function("() => navigator.locks.query().then(({ held }) => held.length >= 4)")
    assert sorted(requested(host)) == sorted(part.path for part in parts)
    for pause in pauses:
        pause.go_on()
    assert "error" not in end(opened)


def test_failure_of_one_part_stops_the_others(opened: Page, host: Host) -> None:
    """Running downloads, and those not yet started."""
    first, *others = parts_of(host.site, "wasm")[:4]
    pauses = [host.pause_at(part.path) for part in others]
    host.faults[first.path] = Fault(b"", 404)
    begin(opened, **ON_ONNXRUNTIME)
    for pause in pauses:
        pause.wait_until_asked()
    assert end(opened)["url"] == host.url + first.path
    opened.wait_for_function(NO_LOCKS)
    assert stored(opened) == set()
    assert set(requested(host)) == {part.path for part in [first, *others]}
