"""The service worker: kept by the visitor's choice, what it keeps is of one build, none of it stays."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import Fault, Host, Hosting
from tests.browser.sites import derived_site, runtime_of, script_of
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.layout import CHECKSUMS, MANIFEST, OFFLINE, SUMS, read_sums
from torch2web.site.manifest.records import Weights
from torch2web.store.hashing import integrity

READY = "#app[data-state=ready]"
ERROR = "#app[data-state=error]"
MODEL = "mobilenet_emotion"
BUSY = Fault(b"try again later", 503, "text/plain")


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site)


@pytest.fixture
def other_build(small_site: Path, catalog: dict[str, ModelSpec], tmp_path: Path) -> Path:
    """Another version of the site, which calls the network by another name."""
    spec = replace(catalog[MODEL], title="The newer one")
    site = derived_site(small_site, tmp_path, spec, Weights("newer.pth", "0" * 64, demo=False))
    # Servers compare dates in whole seconds, and both may have been built in the same one.
    later = (small_site / SUMS).stat().st_mtime + 60
    for path in site.rglob("*"):
        os.utime(path, (later, later))
    # As by a deployment that keeps dates: asked whether the stored copy is still right, the server says yes.
    os.utime(site / CHECKSUMS, (0, 0))
    return site


def visit(page: Page, host: Host) -> None:
    page.goto(host.url)
    page.wait_for_selector(READY)


def opt_in(page: Page) -> None:
    """By keyboard, as it has to work that way too."""
    page.locator("#keep").focus()
    page.keyboard.press("Space")
    expect(page.locator("#keep-status")).to_contain_text("Works without internet now", timeout=60_000)


def shells(page: Page) -> list[str]:
    """Names of the caches of service workers."""
    names: list[str] = page.evaluate("caches.keys()")
    return [name for name in names if name.startswith("torch2web-offline")]


def registrations(page: Page) -> int:
    count: int = page.evaluate("navigator.serviceWorker.getRegistrations().then(({ length }) => length)")
    return count


def wait_for_shells(page: Page, wanted: Callable[[list[str]], bool]) -> None:
    for _ in range(600):
        if wanted(shells(page)):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"found {shells(page)}")


def answers_sample(page: Page, name: str = "tired-1") -> None:
    """A sample that was not asked for before gets its answer."""
    page.evaluate("document.getElementById('app').dataset.state = 'asked'")
    page.click(f".sample[data-src='samples/{name}.jpg']")
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == name.partition("-")[0].capitalize()


def title_of(page: Page) -> str:
    return page.inner_text(".model .name")


def test_without_being_asked_nothing_is_kept(page: Page, host: Host) -> None:
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
    # But for Chromium's own look for a newer worker, which its emulation of "offline" lets through.
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
    assert "DownloadError" in page.inner_text("#problem")
    assert page.inner_text("#label") == "–"
    page.check(f"input[value={MODEL}]", force=True)
    page.wait_for_selector(READY)


def test_where_nothing_can_be_kept_it_is_not_offered(page: Page, host: Host) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'serviceWorker', { value: undefined });")
    visit(page, host)
    assert page.locator("#keeping").is_hidden()


def listed_in(site: Path) -> dict[str, str]:
    """What the service worker keeps: `integrity` by path."""
    return dict(re.findall(r'"([^"]+)":"(sha256-[^"]+)"', (site / OFFLINE).read_text()))


def test_list_is_what_the_build_holds(small_site: Path) -> None:
    text = (small_site / OFFLINE).read_text()
    listed = listed_in(small_site)
    sums, _ = read_sums(small_site)
    assert listed == {path: integrity(sums[path]) for path in listed}
    left_out = {path for path in sums if path not in listed}
    samples = {path for path in sums if path.startswith("samples/")}
    scripts = {script_of(small_site, name) for name in ("torch2web", "images", "sha256", "signature")}
    runtime = runtime_of(small_site)
    assert samples | scripts | {runtime["api"], runtime["glue"], MANIFEST} <= set(listed)
    assert {"index.html", "page.js", "page.css", "torch2web.js"} <= set(listed)
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
            await ask("plain", "page.js");
            await ask("no-cache", "page.js", { cache: "no-cache" });
            await ask("pinned", "page.js", { integrity: pinned });
            await ask("by hash", loader);
            await ask("of another build", "page.js", { integrity: wrong });
            await ask("past caches", "page.js", { cache: "reload" });
            await ask("query", "page.js?retry=1");
            await ask("range", "page.js", { headers: { Range: "bytes=0-99" } });
            await ask("HEAD", "page.js", { method: "HEAD" });
            await ask("POST", "page.js", { method: "POST" });
            await ask("outside of the list", "verify.html");
            return answered;
        }""",
        [
            integrity(read_sums(small_site)[0]["page.js"]),
            integrity(read_sums(small_site)[0]["page.css"]),
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
    """Also files that it has not asked for yet, although the server has others by now."""
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
    for pause in (100, 700, 900, 1000, 1100, 1200, 1500, 2000, 3000):  # to reload just as the new one begins
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
    """Both have the same loader. The open page keeps what its build started with."""
    visit(page, host)
    opt_in(page)
    page.reload()
    page.wait_for_selector(READY)
    old = shells(page)
    host.replace(other_build)
    page.evaluate("navigator.serviceWorker.getRegistration().then((registration) => registration.update())")
    page.wait_for_function("navigator.serviceWorker.getRegistration().then(({ waiting }) => waiting)")
    page.wait_for_timeout(1000)
    assert set(old) < set(shells(page))
    assert page.evaluate("navigator.serviceWorker.getRegistration().then(({ waiting }) => waiting !== null)")


@pytest.mark.parametrize("path", ["torch2web.js", MANIFEST])
def test_update_that_breaks_off_is_no_forgery(page: Page, host: Host, other_build: Path, path: str) -> None:
    """A page of the new version never gets files of the old one, which it would take for changed ones."""
    visit(page, host)
    opt_in(page)
    title = title_of(page)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    host.replace(other_build)
    host.faults[path] = BUSY
    page.reload()
    if path == MANIFEST:
        page.wait_for_selector(ERROR)
        assert "could not be downloaded" in page.inner_text("#problem")
        assert "503" in page.inner_text("#problem")
        # Browsers say of the server's "try again later" that it is not the manifest.
        said = [text for text in said if MANIFEST not in text]
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
    expect(page.locator("#keep-status")).to_contain_text("This did not work", timeout=60_000)
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


def test_opting_out_leaves_nothing_and_can_be_taken_back(page: Page, host: Host) -> None:
    visit(page, host)
    opt_in(page)
    neighbour = f"torch2web-offline {host.url}other/ {host.url}other/ 123"
    page.evaluate("name => caches.open(name)", neighbour)
    page.uncheck("#keep")
    expect(page.locator("#keep-status")).to_contain_text("No longer kept", timeout=60_000)
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
    expect(page.locator("#keep-status")).to_contain_text("No longer kept", timeout=60_000)
    page.context.set_offline(False)
    page.goto("about:blank")
    visit(page, host)
    expect(page.locator("#keep")).not_to_be_checked()
    assert registrations(page) == 0


PREDICT = """async (loader) => {
    const { loadModel } = await import(loader);
    const model = await loadModel("mobilenet_emotion");
    const picture = await new OffscreenCanvas(9, 9);
    picture.getContext("2d").fillRect(0, 0, 5, 5);
    return (await model.predict(await picture.convertToBlob())).label;
}"""
"""By the loader at an address, of a picture that has to be decoded."""


def own_page(host: Host, folder: Path, path: str) -> str:
    """A page of somebody else's that loads nothing by itself."""
    (folder / "own.html").write_text("<!doctype html><meta charset=utf-8><title>Own</title>")
    host.extras[path] = folder / "own.html"
    return host.url + path


def register(page: Page, script: str) -> Any:
    """The owner's line, once it took effect: None, or the error."""
    return page.evaluate(
        """async (script) => {
            try {
                const registration = await navigator.serviceWorker.register(script);
                const worker = registration.installing ?? registration.active;
                while (!["activated", "redundant"].includes(worker.state))
                    await new Promise((resolve) => (worker.onstatechange = resolve));
                if (worker.state === "redundant") return "it was not installed";
            } catch (error) {
                return String(error);
            }
        }""",
        script,
    )


def test_one_line_in_a_page_of_ones_own(page: Page, host: Host, tmp_path: Path) -> None:
    address = own_page(host, tmp_path, "own.html")
    page.goto(address)
    assert register(page, "/offline.js") is None
    label = page.evaluate(PREDICT, "/torch2web.js")
    later = page.context.new_page()
    later.goto(address)
    host.stop()
    assert later.evaluate(PREDICT, "/torch2web.js") == label


def below(host: Host, site: Path, folder: str) -> None:
    """Serve `site` below `folder` as well."""
    for path in [SUMS, *read_sums(site)[0]]:
        host.extras[f"{folder}/{path}"] = site / path


ROOT_WORKER = 'self.torch2webFolder = "/torch2web/";\nimportScripts("/torch2web/offline.js");\n'


def test_worker_of_ones_own_imports_it(
    page: Page, small_site: Path, host_of: Hosting, tmp_path: Path
) -> None:
    """For pages outside of the folder, from a worker at the origin's root."""
    root = tmp_path / "root"
    root.mkdir()
    host = host_of(root)
    below(host, small_site, "torch2web")
    (root / "worker.js").write_text(ROOT_WORKER)
    address = own_page(host, tmp_path, "blog/own.html")
    page.goto(address)
    assert register(page, "/worker.js") is None
    page.goto(address)
    assert len(shells(page)) == 1
    label = page.evaluate(PREDICT, "/torch2web/torch2web.js")
    later = page.context.new_page()
    later.goto(address)
    host.stop()
    assert later.evaluate(PREDICT, "/torch2web/torch2web.js") == label


def test_worker_of_ones_own_has_to_say_where_the_site_is(
    page: Page, small_site: Path, host_of: Hosting, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    host = host_of(root)
    below(host, small_site, "torch2web")
    (root / "worker.js").write_text('importScripts("/torch2web/offline.js");\n')
    page.goto(own_page(host, tmp_path, "blog/own.html"))
    assert "ServiceWorker" in register(page, "/worker.js")
    assert registrations(page) == 0
    assert shells(page) == []
