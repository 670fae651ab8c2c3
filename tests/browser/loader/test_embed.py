"""The snippets of embed.html work as copied, on pages of another origin; `<image-classifier>`."""

import html
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.launch import launched
from tests.browser.server import Fault, Host, Hosting
from tests.conftest import ROOT
from tests.patience import PATIENCE_MS
from tests.unit.docs.snippets import documented
from torch2web.store import integrity, sha256_of

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PICTURE = "samples/tired-1.jpg"
CLASSIFIER = 'document.querySelector("image-classifier")'
LISTENS = f"""
window.first = new Promise((resolve) => {{
    {CLASSIFIER}.addEventListener("prediction", ({{ detail }}) => resolve(detail.prediction.label));
}});
window.got = {{ prediction: [], progress: [], error: [] }};
for (const type of Object.keys(got)) {{
    {CLASSIFIER}.addEventListener(type, ({{ detail }}) => {{
        got[type].push(type === "error" ? String(detail.error) : detail.prediction ?? detail.overall);
    }});
}}
"""


@pytest.fixture
def bundle(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site, cors=True)


@pytest.fixture
def own(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site)


def copied(page: Page, bundle: Host, *names: str) -> list[str]:
    """The text of these snippets on embed.html, copied as by a visitor."""
    page.goto(f"{bundle.url}embed.html")
    page.wait_for_function(f"() => document.querySelector('pre').textContent.includes('{bundle.url}')")
    return [page.text_content(f"#{name}") or "" for name in names]


def serve(own: Host, body: str, policy: str = "", path: str = "page.html") -> str:
    headers = {"Content-Security-Policy": policy} if policy else {}
    own.faults[path] = Fault(f"<!doctype html><html lang=fr>{body}".encode(), headers=headers)
    return f"{own.url}{path}"


def open_tag(
    page: Page, own: Host, bundle: Host, change: tuple[str, str] = ("", ""), policy: str = ""
) -> None:
    """A page with the two lines of the tag."""
    (tag,) = copied(page, bundle, "tag")
    page.goto(serve(own, tag.replace(*change) if change[0] else tag, policy))
    page.evaluate("customElements.whenDefined('image-classifier').then(() => true)")
    page.evaluate(LISTENS)


def status(page: Page) -> str:
    text: str = page.evaluate(f'{CLASSIFIER}.shadowRoot.querySelector("[role=status]").textContent')
    return text


def test_tag_by_keyboard_alone(page: Page, own: Host, bundle: Host) -> None:
    """Under a policy that forbids inline styles; the prediction is Python's."""
    origin = bundle.url.removesuffix("/")
    policy = f"default-src 'none'; script-src {origin} 'wasm-unsafe-eval'; connect-src {origin}; "
    policy += f"img-src {origin}; worker-src blob:"
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    open_tag(page, own, bundle, policy=policy)
    said.clear()  # for the favicon and embed.html
    names = []
    for _ in range(6):
        page.keyboard.press("Tab")
        names.append(page.evaluate(f"{CLASSIFIER}.shadowRoot.activeElement.textContent"))
    assert names[:2] == ["Choisir une image", "Utiliser la caméra"]
    page.keyboard.press("Enter")
    page.evaluate("first")  # the policy forbids the strings of wait_for_function
    found = page.evaluate("got")
    assert found["prediction"][0]["label"] == "Tired"
    assert len(found["prediction"][0]["top"]) == 4
    assert found["progress"][-1]["fraction"] == 1
    assert found["error"] == []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    axe = "axe.run('image-classifier').then(({ violations }) => violations.map(({ id }) => id))"
    assert page.evaluate(axe) == []
    percent = round(100 * found["prediction"][0]["confidence"])
    assert 85 < percent < 97
    assert status(page).replace("\u202f", " ").replace("\xa0", " ") == f"Tired, {percent} %"
    assert [text for text in said if "Content Security Policy" in text] == []


@pytest.mark.parametrize(("width", "height"), [(200, 200), (100, 300), (300, 100)])
def test_tag_shows_the_whole_picture(page: Page, own: Host, bundle: Host, width: int, height: int) -> None:
    """A picture of any shape, and the camera, fit into the stage: 4:3, it cuts what is outside."""
    open_tag(page, own, bundle)
    page.evaluate(
        f"""async () => {{
            const canvas = new OffscreenCanvas({width}, {height});
            canvas.getContext("2d").fillRect(0, 0, {width}, {height});
            await {CLASSIFIER}.predict(await canvas.convertToBlob());
        }}"""
    )
    stage, canvas, fit = page.evaluate(
        f"""() => {{
            const root = {CLASSIFIER}.shadowRoot;
            const shown = [".stage", ".picture"].map((part) => root.querySelector(part));
            const video = root.querySelector("video");
            const fit = [shown[1], video].map((element) => getComputedStyle(element).objectFit);
            return [...shown.map((element) => element.getBoundingClientRect().toJSON()), fit];
        }}"""
    )
    assert stage["width"] / stage["height"] == pytest.approx(4 / 3, rel=0.01)
    for side, sign in (("left", 1), ("top", 1), ("right", -1), ("bottom", -1)):
        assert sign * (canvas[side] - stage[side]) >= 0, side
    assert fit == ["contain", "contain"]


def test_tag_with_other_words_and_wrong_pictures(page: Page, own: Host, bundle: Host) -> None:
    change = ("<image-classifier", """<image-classifier top-k=2 texts='{"choose": "Kies een foto"}'""")
    open_tag(page, own, bundle, change)
    assert page.evaluate(f'{CLASSIFIER}.shadowRoot.querySelector(".upload").textContent') == "Kies een foto"
    error = page.evaluate(
        f"""async () => {{
            const data = new DataTransfer();
            data.items.add(new File(["no picture"], "a.txt"));
            const told = new Promise((resolve) => {CLASSIFIER}.addEventListener("error", resolve));
            {CLASSIFIER}.dispatchEvent(new DragEvent("drop", {{ dataTransfer: data }}));
            return String((await told).detail.error);
        }}"""
    )
    assert error.startswith("DecodeError")
    assert status(page) == "Cette image est illisible. Essayez un fichier JPEG ou PNG."
    top = page.evaluate(
        f"async (url) => (await {CLASSIFIER}.predict(url)).top.map(({{ label }}) => label)",
        bundle.url + PICTURE,
    )
    assert top == ["Tired", "Focused"]


def test_altered_element_or_loader_runs_nothing(page: Page, own: Host, bundle: Host) -> None:
    (tag,) = copied(page, bundle, "tag")
    script = (bundle.site / "torch2web-element.js").read_bytes()
    bundle.faults["torch2web-element.js"] = Fault(script + b"\n")
    page.goto(serve(own, tag))
    page.wait_for_load_state("load")
    assert page.evaluate(f"{CLASSIFIER}.matches(':defined')") is False
    bundle.faults.clear()
    (loader,) = bundle.site.glob("torch2web-" + 32 * "[0-9a-f]" + ".js")
    bundle.faults[loader.name] = Fault(loader.read_bytes() + b"\n")
    page.goto(serve(own, tag, path="again.html"))
    page.evaluate("customElements.whenDefined('image-classifier').then(() => true)")
    problem = page.evaluate(f"{CLASSIFIER}.load().then(() => '', String)")
    assert f"{bundle.url}{loader.name}: it is missing, or not the file of this build" in problem


def logged_by(page: Page, url: str) -> str:
    """Console output of the page at `url`."""
    with page.expect_console_message(lambda message: message.type == "log", timeout=PATIENCE_MS) as message:
        page.goto(url)
    return message.value.text


def test_events_of_the_tag(page: Page, own: Host, bundle: Host) -> None:
    """The lines below the tag log each answer, and each error."""
    tag, events = copied(page, bundle, "tag", "tag-events")
    page.goto(serve(own, tag + events))
    page.evaluate("customElements.whenDefined('image-classifier').then(() => true)")
    for file, logged in ((PICTURE, "Tired"), ("model_info.json", "DecodeError")):
        source = "(url) => fetch(url).then((response) => response.blob())"
        with page.expect_console_message(lambda message: message.type == "log") as message:
            page.evaluate(
                f"""async (url) => {{
                    const data = new DataTransfer();
                    data.items.add(new File([await ({source})(url)], "a"));
                    {CLASSIFIER}.dispatchEvent(new DragEvent("drop", {{ dataTransfer: data }}));
                }}""",
                bundle.url + (file if file == PICTURE else f"models/{file}"),
            )
        (shown,) = message.value.args
        assert logged in shown.evaluate("shown => shown[0]?.label ?? String(shown)")


def test_tag_of_the_documentation_is_that_of_embed_html(page: Page, bundle: Host) -> None:
    (tag,) = copied(page, bundle, "tag")
    element = integrity(sha256_of(bundle.site / "torch2web-element.js"))
    for source in ("README.md", "docs/loader.md"):
        shown = documented(source, "<image-classifier model=")
        assert shown.strip() == tag.replace(bundle.url, "/torch2web/").replace(element, "sha256-…").strip()


def test_looks_of_the_documentation(page: Page, own: Host, bundle: Host) -> None:
    (tag,) = copied(page, bundle, "tag")
    style = documented("docs/loader.md", "::part(bars)")
    page.goto(serve(own, f"<style>{style}</style>{tag}"))
    page.evaluate("customElements.whenDefined('image-classifier').then(() => true)")
    page.evaluate(f"{CLASSIFIER}.predict('{bundle.url}{PICTURE}').then(() => true)")
    found = page.evaluate(
        f"""[[".fill", "backgroundColor"], [".bars", "fontSize"], [".status", "fontSize"]].map(
            ([part, name]) => getComputedStyle({CLASSIFIER}.shadowRoot.querySelector(part))[name])"""
    )
    assert found == ["rgb(46, 139, 87)", "19.2px", "16px"]


LANGUAGES = {
    "en": ("Choose a picture", "%"),
    "de-CH": ("Bild wählen", "%"),
    "fr": ("Choisir une image", " %"),
    "es": ("Elegir una imagen", " %"),
    "zh-Hant": ("选择图片", "%"),
    "nl": ("Choose a picture", "%"),
}


def test_languages_of_the_tag(page: Page, own: Host, bundle: Host) -> None:
    """Each has all texts; other languages get the English ones."""
    open_tag(page, own, bundle)
    for lang, (choose, sign) in LANGUAGES.items():
        found = page.evaluate(
            f"""async ([lang, url]) => {{
                const element = {CLASSIFIER};
                element.setAttribute("lang", lang);
                const {{ confidence }} = await element.predict(url);
                const {{ shadowRoot }} = element;
                const text = (part) => shadowRoot.querySelector(part).textContent;
                return [Math.round(100 * confidence), text(".upload"), text(".bar .value")];
            }}""",
            [lang, bundle.url + PICTURE],
        )
        percent, *texts = found
        shown = [text.replace("\u202f", " ").replace("\xa0", " ") for text in texts]
        assert shown == [choose, f"{percent}{sign}"], lang


def test_module_and_strict_policy(page: Page, own: Host, bundle: Host) -> None:
    image = f'<img crossorigin src="{bundle.url}{PICTURE}">'
    module, strict, script = copied(page, bundle, "module", "strict", "strict-module")
    assert logged_by(page, serve(own, image + module)).startswith("Tired 0.92")
    own.faults["my-page.js"] = Fault(script.encode())
    origin = bundle.url.removesuffix("/")
    policy = f"default-src 'self'; script-src 'self' {origin} 'wasm-unsafe-eval'; connect-src {origin}; "
    policy += f"img-src {origin}; worker-src blob:"
    assert logged_by(page, serve(own, image + strict, policy, "strict.html")).startswith("Tired 0.92")


def test_snippets_without_javascript(page: Page, bundle: Host) -> None:
    """Without JavaScript they show a placeholder address."""
    page.goto(f"{bundle.url}embed.html")
    raw = html.unescape((bundle.site / "embed.html").read_text())
    assert 'src="https://models.example/torch2web/torch2web-element.js" integrity="sha256-' in raw
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    assert [(entry["id"], [node["html"] for node in entry["nodes"]][:3]) for entry in found] == []
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=bundle.url)
    page.click("#tag >> xpath=preceding-sibling::button")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text == page.text_content("#tag")
    assert f'src="{bundle.url}torch2web-element.js"' in text


@pytest.fixture
def camera_page(browser: Browser) -> Any:
    """Chromium with a fake camera and the permission to use it."""
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with launched(browser.browser_type, *flags) as chromium:
        yield chromium.new_page()


def test_camera_of_the_tag(camera_page: Page, own: Host, bundle: Host) -> None:
    """It starts with a click, ends with another one, and ends with its page."""
    page = camera_page
    open_tag(page, own, bundle)
    video = f'{CLASSIFIER}.shadowRoot.querySelector("video")'
    assert page.evaluate(f"{video}.srcObject") is None
    page.click("image-classifier .camera")
    page.wait_for_function("() => got.prediction.length >= 3")
    page.evaluate(f"window.stream = {video}.srcObject")
    page.click("image-classifier .camera")
    page.wait_for_function("() => !stream.active")
    page.click("image-classifier .camera")
    page.wait_for_function(f"() => {video}.srcObject?.active")
    page.evaluate(f"window.stream = {video}.srcObject; {CLASSIFIER}.remove()")
    page.wait_for_function("() => !stream.active")
    assert page.evaluate("got.error") == []


def test_whole_app_of_the_documentation(camera_page: Page, bundle: Host, own: Host) -> None:
    page, app = camera_page, documented("docs/loader.md", "<select></select>")
    assert len(app.splitlines()) == 43
    loader = f"{bundle.url}torch2web.js"
    own.faults["app.html"] = Fault(app.replace("/torch2web/torch2web.js", loader).encode())
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{own.url}app.html")
    page.wait_for_function("() => document.querySelectorAll('option').length")
    page.set_input_files("input", bundle.site / PICTURE)
    page.wait_for_function("() => document.querySelector('li')?.textContent.trim() === 'Tired'")
    assert page.evaluate("document.querySelector('progress').value") == 1
    confidence = page.evaluate(
        """async ([loader, picture]) => {
            const { loadModel } = await import(loader);
            const model = await loadModel("mobilenet_emotion");
            return (await model.predict(await (await fetch(picture)).blob())).confidence;
        }""",
        [loader, bundle.url + PICTURE],
    )
    assert 0.85 < confidence < 0.97
    assert page.evaluate("document.querySelector('meter').value") == pytest.approx(confidence, abs=1e-6)
    page.click("text=Camera")
    page.wait_for_function("() => document.querySelector('video').srcObject?.active")
    page.wait_for_function("() => document.querySelector('li').textContent.trim() !== 'Tired'")
    page.click("text=Stop")
    page.wait_for_function("() => !document.querySelector('video').srcObject.active")
    assert errors == []
