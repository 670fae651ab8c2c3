"""Every call settles: with a result or an error in bounded time, or at once when its signal aborts."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Fault, Host, Hosting, Pause
from tests.browser.sites import model_of, script_of, weights_of

MODEL = "mobilenet_emotion"
PHOTO = "/samples/bored-1.jpg"
LIMIT = 1000
"""Milliseconds of the option `stallTimeout` in these tests."""
PATIENT = 10_000
"""Milliseconds of the same that other calls need not wait for, on slow machines too."""
LONG = 20_000
"""Milliseconds of the same where a signal ends the call: what ends sooner did not wait for it."""


@pytest.fixture
def host(small_site: Path, host_of: Hosting) -> Host:
    return host_of(small_site)


@pytest.fixture
def opened(quiet_page: Page, host: Host) -> Page:
    open_harness(quiet_page, host)
    quiet_page.evaluate(
        """() => {
            window.wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
            // What a promise gives, or the words that it gave nothing.
            window.settled = (promise, ms = 120_000) => Promise.race([
                promise.then((value) => value ?? "settled", probe.describe), wait(ms).then(() => "endless"),
            ]);
        }"""
    )
    return quiet_page


IMAGES = {
    "lazy and out of view": """() => {
        const img = Object.assign(new Image(), { loading: "lazy" });
        img.style.cssText = "position: absolute; top: 100000px";
        document.body.append(img);
        img.src = "/samples/bored-1.jpg?lazy";
        return img;
    }""",
    "slow": "() => Object.assign(new Image(), { src: '/endless.jpg' })",
    "never to be decoded": """() => {
        const img = Object.assign(new Image(), { src: "/samples/bored-1.jpg" });
        img.decode = () => new Promise(() => {});
        Object.defineProperty(img, "complete", { value: false });
        return img;
    }""",
}


@pytest.mark.parametrize("worker", [True, False], ids=["in the worker", "in the page"])
@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES.keys())
def test_image_that_never_arrives_blocks_nothing(opened: Page, host: Host, image: str, worker: bool) -> None:
    host.faults["endless.jpg"] = Fault(b"\xff\xd8" * 1000, cut=100, pause=Pause())
    found = opened.evaluate(
        f"""async ([name, url, worker]) => {{
            const model = await torch2web.loadModel(name, {{ worker, stallTimeout: {PATIENT} }});
            const blob = await probe.fetchBlob(url);
            const endless = ({image})();
            const stuck = settled(model.predict(endless));
            const batch = settled(model.predictBatch([blob, endless]));
            const started = performance.now();
            const others = await Promise.all([
                settled(model.predict(blob)), settled(model.run(new Float32Array(3 * 224 * 224))),
                settled(model.preprocess(blob)), settled(model.predictBatch([blob, blob])),
            ]);
            const took = performance.now() - started;
            const controller = new AbortController();
            const aborted = settled(model.predict(endless, {{ signal: controller.signal }}));
            controller.abort(new DOMException("enough", "AbortError"));
            const errors = [await aborted, await stuck, await batch];
            const last = settled(model.predict(endless));
            const disposed = await settled(model.dispose());
            const failed = others.map((other) => other.error ?? other === "endless");
            return {{ others: failed, took, errors, disposed, last: await last }};
        }}""",
        [MODEL, PHOTO, worker],
    )
    assert found["others"] == [False] * 4
    assert found["took"] < PATIENT, "they did not wait for its time limit"
    assert [error["error"] for error in found["errors"]] == ["AbortError", "DecodeError", "DecodeError"]
    assert found["disposed"] == "settled"
    assert found["last"]["error"] == "BackendError"


COUNT = """() => {
    const { createImageBitmap } = globalThis;
    window.most = 0;
    let decoding = 0;
    globalThis.createImageBitmap = async (...call) => {
        window.most = Math.max(window.most, ++decoding);
        try { return await createImageBitmap(...call); } finally { decoding--; }
    };
}"""


def test_one_photo_is_decoded_at_a_time(opened: Page) -> None:
    """In a batch and in concurrent calls: the pixels of each photo take 50 MB and more."""
    opened.evaluate(COUNT)
    found = opened.evaluate(
        """async ([name, url]) => {
            const model = await torch2web.loadModel(name, { worker: false });
            const blob = await probe.fetchBlob(url);
            await model.predict(blob);
            const sources = Array.from({ length: 8 }, () => blob);
            const batch = await model.predictBatch(sources);
            const calls = await Promise.all(sources.map((source) => model.predict(source)));
            return { most, labels: [...batch, ...calls].map(({ label }) => label) };
        }""",
        [MODEL, PHOTO],
    )
    assert found["most"] == 1
    assert found["labels"] == ["Bored"] * 16


def loads(page: Page, options: dict[str, Any], abort: int | None) -> dict[str, Any]:
    """Load and predict, with a signal that aborts after this many milliseconds."""
    result: dict[str, Any] = page.evaluate(
        """async ([name, url, options, abort]) => {
            const controller = new AbortController();
            const { signal } = controller;
            if (abort) setTimeout(() => controller.abort(new DOMException("enough", "AbortError")), abort);
            const blob = await fetch(url).then((response) => response.blob());
            const call = async () => {
                const model = await torch2web.loadModel(name, { threads: 1, ...options, signal });
                const { label } = await model.predict(blob, { signal });
                return { label, backend: model.backend.name, worker: model.worker, cache: model.info.cache };
            };
            const started = performance.now();
            const found = await settled(call());
            const took = performance.now() - started;
            return found === "endless" ? { error: "endless" } : { ...found, took };
        }""",
        [MODEL, PHOTO, options, abort],
    )
    return result


def hold(host: Host, path: str, times: float = 99) -> None:
    body = (host.site / path).read_bytes()
    host.faults[path] = Fault(body, cut=len(body) // 2, pause=Pause(), times=times)


NEVER = "() => new Promise(() => {})"

STAGES: dict[str, tuple[str, str]] = {
    "the cache is opened": (f"caches.open = {NEVER};", "Bored"),
    "the cache is read": (f"Cache.prototype.match = {NEVER};", "Bored"),
    "the cache is listed": (f"Cache.prototype.keys = {NEVER};", "Bored"),
    "the cache is written": (f"Cache.prototype.put = {NEVER};", "Bored"),
    "a lock is asked for": (f"LockManager.prototype.request = {NEVER};", "Bored"),
    "an image is decoded": (f"globalThis.createImageBitmap = {NEVER};", "DecodeError"),
    "a blob is read": (f"Blob.prototype.arrayBuffer = {NEVER};", "DecodeError"),
    "the adapter is asked for": (
        f"if (navigator.gpu) navigator.gpu.requestAdapter = {NEVER}; "
        f"else Object.defineProperty(navigator, 'gpu', {{ value: {{ requestAdapter: {NEVER} }} }}); "
        "WebAssembly.Suspending = class {};",
        "Bored",
    ),
}


@pytest.mark.parametrize("abort", [None, 700], ids=["in time", "aborted"])
@pytest.mark.parametrize("stage", STAGES)
def test_step_of_the_browser_that_never_ends(opened: Page, stage: str, abort: int | None) -> None:
    script, outcome = STAGES[stage]
    opened.evaluate(f"() => {{ {script} }}")
    options = {"worker": False, "stallTimeout": LONG if abort else LIMIT}
    found = loads(opened, options, abort)
    if abort and found.get("error") != "endless" and found.get("label") is None:
        assert found["error"] in ("AbortError", outcome)
        assert found["took"] < LONG
    elif outcome == "Bored":
        assert found.get("label") == "Bored", found
        if "cache is" in stage and "listed" not in stage:
            assert "did not answer" in found["cache"]["reason"]
        if "lock" in stage:
            assert "no lock was granted" in found["cache"]["reason"]
    else:
        assert found["error"] == outcome


def path_of(site: Path, file: str) -> str:
    if file == "the manifest":
        return "models/model_info.json"
    if file == "the decoders":
        return script_of(site, "images")
    if file == "the plan":
        return str(model_of(site, MODEL)["plan"]["parts"][0]["path"])
    return weights_of(site, MODEL)[0]


@pytest.mark.parametrize("worker", [True, False], ids=["in the worker", "in the page"])
@pytest.mark.parametrize("abort", [None, 700], ids=["in time", "aborted"])
@pytest.mark.parametrize("file", ["the manifest", "a part of the weights", "the plan", "the decoders"])
def test_file_that_never_arrives(
    opened: Page, host: Host, file: str, abort: int | None, worker: bool
) -> None:
    hold(host, path_of(host.site, file))
    options = {"worker": worker, "stallTimeout": LONG if abort else LIMIT, "backends": ["compiled"]}
    found = loads(opened, options, abort)
    expected = "AbortError" if abort else "DecodeError" if file == "the decoders" else "DownloadError"
    assert found.get("error") == expected, found
    if abort:
        assert found["took"] < LONG


@pytest.mark.parametrize("abort", [None, 700], ids=["in time", "aborted"])
def test_worker_that_never_answers(opened: Page, abort: int | None) -> None:
    opened.evaluate(
        """(abort) => {
            globalThis.Worker = class { postMessage() {} terminate() {} };
            const { setTimeout } = globalThis;
            globalThis.setTimeout = (run, ms) => setTimeout(run, ms === 20_000 && !abort ? 2000 : ms);
        }""",
        abort,
    )
    found = loads(opened, {}, abort)
    if abort:
        assert found["error"] == "AbortError"
        assert found["took"] < LONG
    else:
        assert found["label"] == "Bored"
        assert "did not answer" in found["worker"]["reason"]


def test_status_of_a_cache_that_never_answers(opened: Page) -> None:
    opened.evaluate(
        f"""() => {{
            caches.has = {NEVER};
            caches.delete = {NEVER};
            const {{ setTimeout }} = globalThis;
            globalThis.setTimeout = (run, ms) => setTimeout(run, ms === 10_000 ? 500 : ms);
        }}"""
    )
    status = opened.evaluate("settled(torch2web.cacheStatus())")
    assert status["available"] is False
    assert "did not answer" in status["reason"]
    assert opened.evaluate("settled(torch2web.clearCache())") is False


def test_service_worker_is_told_at_load(opened: Page) -> None:
    error = opened.evaluate(
        """async () => {
            const options = { type: "module", scope: "/harness/" };
            const url = "/harness/service_worker.js";
            const { installing } = await navigator.serviceWorker.register(url, options);
            const { port1, port2 } = new MessageChannel();
            const answer = new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
            installing.postMessage("load", [port2]);
            return settled(answer);
        }"""
    )
    assert error["error"] == "BackendError"
    assert "Service workers" in error["message"]


def test_warned_once_where_the_page_is_blocked(opened: Page, host: Host) -> None:
    """The worker's script is sent without the header that an isolated page requires."""
    script = script_of(host.site)
    body = (host.site / script).read_bytes()
    host.faults[script] = Fault(body, headers={"Cross-Origin-Embedder-Policy": ""})
    warnings: list[str] = []
    opened.on("console", lambda message: warnings.append(message.text))
    opened.reload()
    opened.wait_for_selector("html[data-ready]")
    worker = opened.evaluate(
        """async name => {
            const models = [await torch2web.loadModel(name), await torch2web.loadModel(name)];
            await torch2web.loadModel(name, { worker: false });
            return models[0].worker;
        }""",
        MODEL,
    )
    assert worker["used"] is False
    assert "Cross-Origin-Embedder-Policy" in worker["reason"]
    (warning,) = [text for text in warnings if text.startswith("torch2web:")]
    assert "blocks" in warning
    assert worker["reason"] in warning
