"""The cache on the device: only verified files of current builds; every load works without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from tests.browser.parted import (
    ENGINE,
    ON_ONNXRUNTIME,
    ONNXRUNTIME,
    attempt,
    begin,
    end,
    hashes,
    load,
    next_version,
    open_page,
    parts_of,
    requested,
    stored,
)
from tests.browser.server import Fault, Host, Hosting
from tests.keys import write_pair

MANIFEST = "models/model_info.json"
ALTERED = {
    "a byte changed": "bytes => { bytes[bytes.length >> 1] ^= 1; return bytes; }",
    "cut short": "bytes => bytes.subarray(1)",
    "longer": "bytes => new Blob([bytes, ' '])",
    "empty": "() => ''",
    "an HTML page": "() => '<!doctype html>'",
}
WITHOUT = {
    "no Cache API": ("delete window.caches;", "https://"),
    "as in a private window": (
        "caches.open = () => Promise.reject(new DOMException('denied', 'SecurityError'));"
        "caches.delete = caches.has = caches.open;",
        "cannot be kept",
    ),
    "as in a sandboxed frame": (
        "const denied = { get() { throw new DOMException('denied', 'SecurityError'); } };"
        "Object.defineProperty(window, 'caches', denied);"
        "navigator.locks.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));",
        "cannot be kept",
    ),
}

CHANGE_MANIFEST = """async () => {
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const { url } of await cache.keys())
            if (url.includes("/torch2web-manifest/")) await cache.put(url, new Response("{}"));
    }
}"""


@pytest.fixture
def host(parted_site: Path, host_of: Hosting) -> Host:
    return host_of(parted_site)


@pytest.fixture
def opened(quiet_page: Page, host: Host) -> Page:
    open_page(quiet_page, host)
    return quiet_page


@pytest.fixture(scope="module")
def later(parted_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next version of the site: one part of the weights differs."""
    return next_version(parted_site, tmp_path_factory.mktemp("later"))


def test_second_load_asks_for_no_part(opened: Page, host: Host) -> None:
    first = load(opened)
    assert first["cache"] == {
        "kept": True,
        "reason": "",
        "fromCache": 0,
        "downloaded": sum(part.size for part in parts_of(host.site, "plan", "weights")),
    }
    assert sorted(requested(host)) == sorted(part.path for part in parts_of(host.site))
    assert stored(opened) == hashes(parts_of(host.site))
    open_page(opened, host)
    second = load(opened)
    assert requested(host) == []
    assert second["label"] == first["label"]
    assert second["cache"]["fromCache"] == first["cache"]["downloaded"]
    assert second["cache"]["downloaded"] == 0


@pytest.mark.parametrize("kind", ["weights", "plan", "engine", "graph", "wasm"])
def test_altered_entry_is_dropped_and_fetched_again(opened: Page, host: Host, kind: str) -> None:
    kinds, options = (ENGINE, {}) if kind in ENGINE else (ONNXRUNTIME, ON_ONNXRUNTIME)
    label = load(opened, **options)["label"]
    for part, change in zip(parts_of(host.site, kind) * 5, ALTERED.values(), strict=False):
        opened.evaluate(f"key => kept.alter(key, {change})", part.sha256)
        open_page(opened, host)
        assert load(opened, **options)["label"] == label
        assert requested(host) == [part.path]
        assert stored(opened) == hashes(parts_of(host.site, *kinds))


def test_altered_entry_is_dropped_where_no_other_can_be_had(opened: Page, host: Host) -> None:
    load(opened)
    part = parts_of(host.site, "weights")[0]
    opened.evaluate(f"key => kept.alter(key, {ALTERED['empty']})", part.sha256)
    host.faults[part.path] = Fault(b"", 404)
    assert attempt(opened)["url"] == host.url + part.path
    assert stored(opened) == hashes(parts_of(host.site)) - {part.sha256}


def test_new_version_loads_what_it_does_not_share(opened: Page, host: Host, later: Path) -> None:
    load(opened)
    before, after = parts_of(host.site), parts_of(later)
    host.site = later
    open_page(opened, host)
    load(opened)
    (new,) = hashes(after) - hashes(before)
    assert requested(host) == [part.path for part in after if part.sha256 == new]
    assert stored(opened) == hashes(after), "nothing of the old one is left"


def test_old_version_leaves_alone_what_a_new_one_stored(opened: Page, host: Host, later: Path) -> None:
    """A slow tab: the site is replaced while it waits for its last part."""
    *others, last = parts_of(host.site)
    pause = host.pause_at(last.path)
    begin(opened)
    pause.wait_until_asked()
    opened.wait_for_function(f"() => torch2web.cacheStatus().then(({{ parts }}) => parts === {len(others)})")
    host.site = later
    other = opened.context.new_page()
    open_page(other, host)
    load(other)
    pause.go_on()
    assert "error" not in end(opened)
    assert hashes(parts_of(later)) <= stored(other)


def test_old_version_drops_nothing_that_came_after_its_manifest(
    opened: Page, host: Host, later: Path
) -> None:
    # Held back in the tab, not by the server, since browsers serialise requests for one address.
    held: list[Route] = []
    opened.route(f"**/{MANIFEST}", lambda route: held.append(route))
    with opened.expect_request(f"**/{MANIFEST}"):
        begin(opened)
    old, host.site = (host.site / MANIFEST).read_bytes(), later
    other = opened.context.new_page()
    open_page(other, host)
    load(other)
    held[0].fulfill(body=old)
    assert end(opened)["status"] == 404, "of the part that is gone"
    assert stored(opened) == hashes(parts_of(later))


def test_manifest_of_another_build_changes_nothing(opened: Page, host: Host, later: Path) -> None:
    load(opened)
    open_page(opened, host)
    host.faults[MANIFEST] = Fault((later / MANIFEST).read_bytes())
    assert "label" in attempt(opened), "the pinned one is kept"
    opened.evaluate(CHANGE_MANIFEST)
    result = attempt(opened)
    assert (result["error"], result["url"]) == ("IntegrityError", host.url + MANIFEST)
    assert requested(host) == []
    assert stored(opened) == hashes(parts_of(host.site))
    host.faults.clear()
    load(opened)
    assert requested(host) == []


def test_signature_by_another_key_changes_nothing(opened: Page, host: Host, tmp_path: Path) -> None:
    load(opened)
    open_page(opened, host)
    result = attempt(opened, publicKey=write_pair(tmp_path).pem)
    assert result["error"] == "SignatureError"
    assert requested(host) == []
    assert stored(opened) == hashes(parts_of(host.site))


@pytest.fixture
def no_room(opened: Page, host: Host) -> Iterator[Page]:
    devtools = opened.context.new_cdp_session(opened)
    room = sum(part.size for part in parts_of(host.site)) * 2 // 3
    quota = {"origin": host.url.rstrip("/"), "quotaSize": room}
    devtools.send("Storage.overrideQuotaForOrigin", quota)
    yield opened
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": quota["origin"]})


def test_quota_exceeded(no_room: Page, host: Host) -> None:
    result = load(no_room)
    assert not result["cache"]["kept"]
    assert result["cache"]["reason"] == "this device has no room left for it"
    kept = stored(no_room)
    assert kept < hashes(parts_of(host.site))
    open_page(no_room, host)
    assert load(no_room)["label"] == result["label"]
    assert not {part.path for part in parts_of(host.site) if part.sha256 in kept} & set(requested(host))


def test_space_of_an_old_version_is_freed_for_the_new_one(opened: Page, host: Host, later: Path) -> None:
    load(opened)
    usage = opened.evaluate("navigator.storage.estimate().then(({ usage }) => usage)")
    devtools = opened.context.new_cdp_session(opened)
    quota = {"origin": host.url.rstrip("/"), "quotaSize": usage + parts_of(later)[-1].size * 2 // 3}
    devtools.send("Storage.overrideQuotaForOrigin", quota)
    host.site = later
    open_page(opened, host)
    assert load(opened)["cache"]["kept"]
    assert stored(opened) == hashes(parts_of(later))


@pytest.mark.parametrize("name", WITHOUT)
def test_without_a_cache(quiet_page: Page, host: Host, name: str) -> None:
    script, reason = WITHOUT[name]
    quiet_page.add_init_script(script)
    open_page(quiet_page, host)
    result = load(quiet_page, worker=False)  # a script that the test adds does not reach workers
    assert not result["cache"]["kept"]
    assert reason in result["cache"]["reason"]
    assert sorted(requested(host)) == sorted(part.path for part in parts_of(host.site))
    status = quiet_page.evaluate("torch2web.cacheStatus()")
    assert status == {"available": False, "reason": result["cache"]["reason"], "parts": 0, "bytes": 0}
    assert quiet_page.evaluate("torch2web.clearCache()") is False


def test_turned_off(opened: Page, host: Host) -> None:
    result = load(opened, cache=False)
    assert result["cache"]["kept"] is False
    assert result["cache"]["reason"] == "turned off by the page"
    assert stored(opened) == set()


def test_status_and_clear_are_of_one_site(opened: Page, host: Host) -> None:
    nothing = {"available": True, "reason": "", "parts": 0, "bytes": 0}
    assert opened.evaluate("torch2web.cacheStatus()") == nothing
    assert opened.evaluate("caches.keys()") == [], "asking makes none"
    assert opened.evaluate("torch2web.clearCache()") is False
    # The same files at another address of the host.
    for path in host.site.rglob("*"):
        if path.is_file():
            host.extras[f"other/{path.relative_to(host.site).as_posix()}"] = path
    load(opened)
    load(opened, baseURL="/other/")
    parts = parts_of(host.site)
    full = {**nothing, "parts": len(parts), "bytes": sum(part.size for part in parts)}
    for argument in ("", "{ baseURL: '/other' }"):
        assert opened.evaluate(f"torch2web.cacheStatus({argument})") == full
    opened.evaluate("caches.open('the page’s own')")
    assert opened.evaluate("torch2web.clearCache({ baseURL: '/other/' })") is True
    assert opened.evaluate("torch2web.cacheStatus()") == full
    assert opened.evaluate("torch2web.cacheStatus({ baseURL: '/other/' })") == nothing
    assert opened.evaluate("torch2web.clearCache()") is True
    assert opened.evaluate("caches.keys()") == ["the page’s own"]


@pytest.mark.parametrize("worker", [True, False], ids=["in the worker", "in the page"])
def test_loads_again_without_network(opened: Page, host: Host, worker: bool) -> None:
    """The manifest is cached with the parts, so that an open page can load the model again."""
    label = load(opened, worker=worker, backends=["compiled"])["label"]
    opened.context.set_offline(True)
    again = load(opened, worker=worker, backends=["compiled"])
    assert again.get("label") == label, again
    assert again["cache"]["downloaded"] == 0


def test_changed_manifest_in_the_cache_is_not_used(opened: Page, host: Host) -> None:
    label = load(opened)["label"]
    opened.evaluate(CHANGE_MANIFEST)
    assert load(opened)["label"] == label
