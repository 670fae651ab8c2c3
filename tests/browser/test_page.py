"""The page that visitors see."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route

from tests.browser.parity import HARNESS
from tests.browser.server import Fault, Host, Hosting
from tests.browser.sites import script_of, weights_of
from tests.corpus.avif import deep

READY = "#app[data-state=ready]"
ERROR = "#app[data-state=error]"


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site)


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
    assert "compiled engine" in page.inner_text("#backend")
    assert "bytes checked" in page.inner_text("#verified")
    assert "of Python's numbers on this device" in page.inner_text("#selfcheck")
    assert "ms" in page.inner_text("#time")
    assert "Demo weights" in page.inner_text("#weights")
    shares = [float(text.split()[0]) for text in page.locator(".bar-value").all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=0.3)


def test_every_sample_shows_what_it_was_drawn_to_show(page: Page, demo_site: Path, host_of: Hosting) -> None:
    page.goto(host_of(demo_site).url)
    models = page.locator("input[name=model]")
    wrong = []
    for model in range(models.count()):
        models.nth(model).check(force=True)
        for sample in page.locator(".sample").all():
            page.wait_for_selector(READY)
            page.evaluate("document.getElementById('app').dataset.state = 'asked'")
            sample.click()
            page.wait_for_selector(READY)
            alt = sample.locator("img").get_attribute("alt")
            if not (alt or "").endswith(page.inner_text("#label")):
                wrong.append((models.nth(model).get_attribute("value"), alt, page.inner_text("#label")))
    assert wrong == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_cut_off(page: Page, demo_site: Path, host_of: Hosting, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(host_of(demo_site).url)
    page.wait_for_selector(READY)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_schemes(browser: Browser, host: Host, scheme: str) -> None:
    host.extras["harness/contrast.js"] = HARNESS / "contrast.js"
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(host.url)
    page.wait_for_selector(READY)
    ratios = page.evaluate("() => import('/harness/contrast.js').then(({ contrasts }) => contrasts())")
    context.close()
    assert len(ratios) > 15
    assert [entry for entry in ratios if entry[0] < 4.5] == [], "WCAG 2 asks for a contrast of 4.5"


def test_by_keyboard_alone(page: Page, demo_site: Path, host_of: Hosting) -> None:
    page.goto(host_of(demo_site).url)
    page.wait_for_selector(READY)
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.name || document.activeElement.className"
            )
        )
        if reached[-1] == "sample" and reached.count("sample") == 3:
            page.evaluate("document.getElementById('app').dataset.state = 'asked'")
            page.keyboard.press("Enter")
            page.wait_for_selector(READY)
            assert page.locator(".sample[aria-pressed=true]").count() == 1
        if reached[-1] == "model":
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
            assert page.locator("input[value=efficientnet_emotion]").is_checked()
            break
    assert reached.count("sample") == 8
    assert "file" in reached
    assert reached[-1] == "model"
    page.wait_for_selector(READY)


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


def test_slow_sample_does_not_replace_a_later_choice(page: Page, host: Host, small_site: Path) -> None:
    def late(route: Route) -> None:
        page.wait_for_timeout(700)
        route.continue_()

    page.route("**/samples/bored-1.jpg", late)
    page.goto(host.url, wait_until="commit")
    page.wait_for_selector(".sample[aria-pressed=true]")  # the page's script runs and asked for the sample
    page.set_input_files("#file", small_site / "samples/tired-1.jpg")
    page.wait_for_selector(READY)
    page.wait_for_timeout(1500)
    assert page.inner_text("#label") == "Tired"
    assert page.locator("#preview").get_attribute("alt") == "tired-1.jpg"
    assert page.locator(".sample[aria-pressed=true]").count() == 0


def test_network_chosen_before_the_first_sample_is_here_answers_it(
    page: Page, demo_site: Path, host_of: Hosting
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.resource_type == "fetch":
            held.append(route)
        else:
            route.continue_()

    page.route("**/samples/bored-1.jpg", hold)
    page.goto(host_of(demo_site).url, wait_until="commit")
    page.wait_for_selector(".sample[aria-pressed=true]")
    page.check("input[value=efficientnet_emotion]", force=True)
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == "Bored"


def test_no_answer_stands_beside_another_picture(page: Page, demo_site: Path, host_of: Hosting) -> None:
    """While a large network downloads, the earlier one's answer is gone."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"**/{weights_of(demo_site, 'landmark_cnn_emotion')[0]}", hold)
    page.goto(host_of(demo_site).url)
    page.wait_for_selector(READY)
    page.check("input[value=landmark_cnn_emotion]", force=True)
    page.wait_for_selector("#app[data-state=working]")
    assert page.inner_text("#label") == "–"
    assert page.locator("#bars li").count() == 0
    page.wait_for_timeout(300)
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_selector("#loading:visible")
    page.wait_for_selector(READY)
    assert page.locator("#loading").is_hidden()


def test_file_that_is_no_picture_is_explained(page: Page, host: Host, tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("not a picture")
    page.goto(host.url)
    page.wait_for_selector(READY)
    page.set_input_files("#file", path)
    page.wait_for_selector(ERROR)
    assert "This picture cannot be read" in page.inner_text("#problem")
    assert page.inner_text("#label") == "–", "no answer stands beside an error"
    page.locator(".sample").first.click()
    page.wait_for_selector(READY)
    assert page.locator("#problem").is_hidden()


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


def test_changed_model_is_explained_and_not_used(page: Page, host: Host, small_site: Path) -> None:
    path = weights_of(small_site, "mobilenet_emotion")[0]
    content = bytearray((small_site / path).read_bytes())
    content[1000] ^= 1
    host.faults[path] = Fault(bytes(content))
    page.goto(host.url)
    page.wait_for_selector(ERROR)
    assert "not the one it was built with" in page.inner_text("#problem")
    assert path in page.inner_text("#problem")
    assert page.inner_text("#label") == "–"


def test_changed_loader_does_not_run(page: Page, host: Host, small_site: Path) -> None:
    host.faults["torch2web.js"] = Fault((small_site / "torch2web.js").read_bytes() + b"\n// changed")
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(host.url)
    page.wait_for_load_state("networkidle")
    assert page.locator("#app").get_attribute("data-state") == "idle"
    assert page.inner_text("#label") == "–"


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
    host.faults["page.js"] = Fault((small_site / "page.js").read_bytes() + b"\n")
    page.goto(host.url)
    assert page.locator("#unstarted").is_hidden(), "it may still start"
    page.wait_for_selector(f"{UNSTARTED} >> visible=true")
    assert "Reload it" in page.inner_text("#unstarted")


def test_page_without_scripts_says_so(browser: Browser, host: Host) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(host.url)
    assert "needs JavaScript" in page.locator("noscript p").inner_text()
    assert page.locator("noscript p").is_visible()
    context.close()


def test_page_that_starts_late_shows_nothing_else_until_then(page: Page, host: Host) -> None:
    held: list[Route] = []
    page.route("**/page.js", lambda route: held.append(route))
    page.goto(host.url, wait_until="commit")
    page.wait_for_selector("h1")
    top = page.evaluate("document.querySelector('header').getBoundingClientRect().top")
    assert page.locator("#unstarted").is_hidden()
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    page.wait_for_selector(READY)
    assert page.locator("#unstarted").count() == 0
    assert page.evaluate("document.querySelector('header').getBoundingClientRect().top") == top


def embed(host: Host, small_site: Path, page: Page, folder: Path) -> None:
    """Another page of the host that holds the snippet as copied, with the site below /torch2web/."""
    page.goto(host.url)
    page.wait_for_selector(READY)
    snippet = page.locator("#snippet").text_content() or ""
    own_page = folder / "own.html"
    own_page.write_text(f"<!doctype html><meta charset=utf-8><img src='/samples/confused-1.jpg'>{snippet}")
    host.extras["blog/own.html"] = own_page
    for path in small_site.rglob("*"):
        if path.is_file():
            host.extras[f"torch2web/{path.relative_to(small_site).as_posix()}"] = path


def test_embed_snippet_works_as_copied(page: Page, host: Host, small_site: Path, tmp_path: Path) -> None:
    embed(host, small_site, page, tmp_path)
    with page.expect_console_message(lambda message: message.type == "log") as message:
        page.goto(f"{host.url}blog/own.html")
    assert message.value.text.startswith("Confused 0.")


def test_embed_snippet_refuses_a_changed_loader(
    page: Page, host: Host, small_site: Path, tmp_path: Path
) -> None:
    embed(host, small_site, page, tmp_path)
    host.faults["torch2web/torch2web.js"] = Fault(
        (small_site / "torch2web.js").read_bytes() + b"\n// changed"
    )
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(f"{host.url}blog/own.html")
    page.wait_for_load_state("networkidle")
    assert "torch2web/models/model_info.json" not in host.requests


def embed_without_inline_scripts(
    host: Host,
    small_site: Path,
    page: Page,
    folder: Path,
    policy: str = "script-src 'self' 'wasm-unsafe-eval'",
) -> None:
    """The same by the recipe for pages whose policy allows no inline script."""
    embed(host, small_site, page, folder)
    for name, selector in (("own.html", "#external-snippet"), ("my-page.js", "#external-script")):
        (folder / name).write_text(page.locator(selector).text_content() or "")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    body = (folder / "own.html").read_text()
    (folder / "own.html").write_text(
        f"<!doctype html><meta charset=utf-8>{meta}<img src='/samples/confused-1.jpg'>{body}"
    )
    host.extras["my-page.js"] = folder / "my-page.js"
    host.requests.clear()


@pytest.mark.parametrize(
    ("policy", "preload"),
    [("default-src 'self'", True), ("script-src 'self' 'wasm-unsafe-eval'", False)],
    ids=["no WebAssembly in the page", "no modulepreload"],
)
def test_external_snippet_works_under_a_strict_policy(
    page: Page, host: Host, small_site: Path, tmp_path: Path, policy: str, preload: bool
) -> None:
    embed_without_inline_scripts(host, small_site, page, tmp_path, policy)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    if not preload:
        page.add_init_script("DOMTokenList.prototype.supports = () => false")
    with page.expect_console_message(lambda message: message.type == "log") as message:
        page.goto(f"{host.url}blog/own.html")
    assert message.value.text.startswith("Confused 0.")
    assert [text for text in said if "Content Security Policy" in text] == []
    assert "torch2web/torch2web.js" not in host.requests


@pytest.mark.parametrize(("changed", "preload"), [("embed", True), ("torch2web", True), ("torch2web", False)])
def test_external_snippet_refuses_changed_files(
    page: Page, host: Host, small_site: Path, tmp_path: Path, changed: str, preload: bool
) -> None:
    embed_without_inline_scripts(host, small_site, page, tmp_path)
    path = script_of(small_site, changed)
    evil = b"\nglobalThis.changed = true; globalThis.torch2web ??= import('/torch2web/torch2web.js');"
    host.faults[f"torch2web/{path}"] = Fault((small_site / path).read_bytes() + evil)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    if not preload:
        page.add_init_script("DOMTokenList.prototype.supports = () => false")
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(f"{host.url}blog/own.html")
    page.wait_for_load_state("networkidle")
    assert not page.evaluate("'changed' in globalThis")
    assert "torch2web/models/model_info.json" not in host.requests
    reason = "not the file of this build" if changed == "torch2web" else "torch2web is not defined"
    assert any(reason in error for error in errors)


@pytest.mark.parametrize("own", [False, True], ids=["the site's page", "a page with the snippet"])
def test_loader_is_fetched_before_its_stable_name_tells_where_it_is(
    page: Page, host: Host, small_site: Path, tmp_path: Path, own: bool
) -> None:
    path = "torch2web/" if own else ""
    if own:
        embed(host, small_site, page, tmp_path)
        page.goto("about:blank")
    host.requests.clear()
    host.faults[f"{path}torch2web.js"] = Fault(b"", status=503)
    page.goto(f"{host.url}{'blog/own.html' if own else ''}")
    page.wait_for_load_state("networkidle")
    assert f"{path}{script_of(small_site)}" in host.requests


def test_copy_button_copies_the_snippet(browser: Browser, host: Host) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(host.url)
    page.click("#copy")
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#snippet").text_content()
    page.get_by_text("If your page forbids inline scripts").click()
    page.locator(".copy:text('Copy')").last.click()
    page.locator(".copy:text('Copied')").nth(1).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#external-script").text_content()
    context.close()
