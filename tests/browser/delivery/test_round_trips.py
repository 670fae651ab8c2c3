"""What a visit requests: each file once, by page or worker, all at a time; later visits nothing again."""

import re
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.loader.test_embed import CLASSIFIER, copied, serve
from tests.browser.round_trips import recording
from tests.browser.server import Fault, Host, Hosting
from tests.browser.shown import READY
from tests.browser.sites import model_of, script_of, weights_of

MODEL = "mobilenet_emotion"
PICTURE = "samples/tired-1.jpg"
IMAGE = f'<link rel="icon" href="data:,"><img src="{PICTURE}">'


def shortened(paths: list[str]) -> Counter[str]:
    """Without the icon of the page that lines were copied from: browsers ask for it when they like."""
    return Counter(re.sub("[0-9a-f]{32}", "*", path) for path in paths if path != "favicon.svg")


SCRIPTS = ("torch2web-*.js", "images-*.js", "decoder-*.js")
ONCE = dict.fromkeys((*SCRIPTS, "start-*.bin", "models/parts/*.bin"), 1)
"""The loader's requests of a first visit."""


ELSEWHERE = {"elsewhere-*.js": 1}
"""Starts workers of a loader of another origin."""


@pytest.fixture
def bundle(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site, cors=True, isolated=False, caching=True)


@pytest.fixture
def own(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site, isolated=False, caching=True)


def predict(page: Page, address: str) -> list[str]:
    """Open a page that logs a prediction; other messages of its console."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type != "log" else None)
    with page.expect_console_message(lambda message: message.type == "log") as message:
        page.goto(address)
    assert message.value.text.startswith("Tired 0.")
    return said


@pytest.mark.parametrize("elsewhere", [False, True], ids=["own origin", "another origin"])
def test_lines_of_the_module_request_each_file_once(
    context: BrowserContext, own: Host, bundle: Host, elsewhere: bool
) -> None:
    page = context.new_page()
    site = bundle if elsewhere else own
    (lines,) = copied(page, site, "module")
    address = serve(own, IMAGE + lines)
    context.clear_cookies()
    site.requests.clear()
    assert predict(page, address) == []
    expected = {**ONCE, **ELSEWHERE} if elsewhere else {**ONCE, "page.html": 1, PICTURE: 1}
    assert shortened(site.requests) == expected
    page.close()
    page = context.new_page()
    site.requests.clear()
    predict(page, address)
    assert set(site.requests) <= {"page.html", PICTURE}, "nothing of the loader on a second visit"


@pytest.mark.parametrize("worker", ["", ", { worker: false }"])
def test_without_preloads_each_file_is_requested_once_too(page: Page, own: Host, worker: str) -> None:
    script = f"""<script type=module>
        import {{ loadModel }} from "./torch2web.js";
        const model = await loadModel("{MODEL}"{worker});
        console.log(Object.values(await model.predict(document.querySelector("img"))).slice(0, 2).join(" "));
    </script>"""
    predict(page, serve(own, IMAGE + script))
    once = {**ONCE, "torch2web.js": 1, "models/model_info.json": 1, "engine/engine-relaxed-*.wasm": 1}
    once |= {"page.html": 1, PICTURE: 1, "models/parts/*.bin": 2}
    del once["start-*.bin"]
    assert shortened(own.requests) == once


@pytest.mark.parametrize("kind", ["missing", "changed", "longer"])
def test_preloads_that_do_not_fit_are_requested_as_without(
    page: Page, own: Host, small_site: Path, kind: str
) -> None:
    (lines,) = copied(page, own, "module")
    (start,) = re.findall(r"start-\w+\.bin", lines)
    (part,) = weights_of(small_site, MODEL)
    for path in (start, part):
        content = (small_site / path).read_bytes()
        changed = {"missing": b"", "changed": content[:-1] + b"x", "longer": content + b"x"}[kind]
        own.faults[path] = Fault(changed, status=404 if kind == "missing" else 200, times=1)
    own.requests.clear()
    predict(page, serve(own, IMAGE + lines))
    found = Counter(own.requests)
    assert found[part] == 2
    assert found[model_of(small_site, MODEL)["plan"]["parts"][0]["path"]] == 1


def test_page_requests_each_file_once_and_next_to_nothing_again(
    context: BrowserContext, demo_site: Path, host_of: Hosting
) -> None:
    host = host_of(demo_site, caching=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(host.url)
    page.wait_for_selector(READY)
    page.wait_for_load_state("networkidle")
    requests = Counter(host.requests)
    assert set(requests.values()) == {1}
    assert ONCE.items() <= shortened(host.requests).items()
    assert not {"torch2web.js", "models/model_info.json"} & set(requests)
    page.close()
    host.requests.clear()
    page = context.new_page()
    page.goto(host.url)
    page.wait_for_selector(READY)
    page.wait_for_load_state("networkidle")
    assert set(host.requests) <= {"", "favicon.svg"}
    assert page.locator("link[data-model]").count() == 0, "what this device keeps is not preloaded"
    assert said == []


def test_page_preloads_no_model_for_visitors_who_save_data(page: Page, own: Host) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    page.goto(own.url)
    page.wait_for_load_state("networkidle")
    assert [path for path in own.requests if path.startswith("models/")] == []


def test_tag_requests_its_files_together_and_once(page: Page, own: Host, bundle: Host) -> None:
    (tag,) = copied(page, bundle, "tag")
    page.goto(serve(own, tag))
    page.wait_for_function("() => customElements.get('image-classifier')")
    page.wait_for_load_state("networkidle")
    assert not [path for path in bundle.requests if path.startswith("models/")], "nobody asked for the model"
    bundle.requests.clear()
    label = page.evaluate(f"{CLASSIFIER}.predict('{PICTURE}').then(({{ label }}) => label)")
    assert label == "Tired"
    assert shortened(bundle.requests) == {**ONCE, **ELSEWHERE, "tasks-*.js": 1}


def test_levels(browser: Browser, demo_site: Path, host_of: Hosting) -> None:
    """All that the loader needs is requested with its first file."""
    host = host_of(demo_site, isolated=False, caching=True)
    context = browser.new_context()
    page = context.new_page()
    (lines,) = copied(page, host, "module")
    address = serve(host, IMAGE + lines)
    context.close()
    context = browser.new_context()
    page = context.new_page()
    with recording(host.server) as trips:
        trips.start()
        predict(page, address)
    assert {request.level for request in trips.requests} == {1, 2}
    assert script_of(demo_site) in {request.path for request in trips.requests if request.level == 2}
    context.close()
