"""Models in a worker: results as in the page, the page not blocked, and nothing left behind."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Host, Hosting

MODEL = "mobilenet_emotion"


@pytest.fixture
def opened(page: Page, demo_host: Host) -> Page:
    open_harness(page, demo_host)
    return page


FORMS = """async ([name, url, options]) => {
    const model = await torch2web.loadModel(name, options);
    const blob = await probe.fetchBlob(url);
    const bitmap = await createImageBitmap(blob);
    const { width, height } = bitmap;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    context.fillStyle = "rgba(200, 30, 90, 0.4)";
    context.clearRect(5, 5, width / 2, height / 2);
    context.fillRect(5, 5, width / 2, height / 2);
    const offscreen = new OffscreenCanvas(width, height);
    offscreen.getContext("2d").drawImage(bitmap, 0, 0);
    const img = Object.assign(new Image(), { src: url });
    const shown = Object.assign(new Image(), { src: canvas.toDataURL("image/png") });
    const frame = new VideoFrame(offscreen, { timestamp: 0 });
    const pixels = context.getImageData(0, 0, width, height);
    const sources = { blob, bitmap, canvas, offscreen, img, shown, frame, pixels };
    const logits = {};
    for (const [form, source] of Object.entries(sources))
        logits[form] = [...(await model.predict(source)).logits];
    // Nothing of the page's was taken from it.
    const kept = [bitmap.width, frame.displayWidth, pixels.data.length, offscreen.width];
    const batch = await model.predictBatch([img, blob, canvas]);
    logits.batch = batch.flatMap(({ logits }) => [...logits]);
    logits.tensor = await probe.sha256(await model.preprocess(shown));
    const { worker, backend } = model;
    await model.dispose();
    return { logits, kept, worker, backend: backend.name };
}"""


@pytest.mark.parametrize("isolated", [True, False], ids=["isolated", "not isolated"])
def test_same_logits_to_the_bit(page: Page, demo_site: Path, host_of: Hosting, isolated: bool) -> None:
    host = host_of(demo_site, isolated=isolated)
    open_harness(page, host)
    assert page.evaluate("crossOriginIsolated") is isolated
    call = [MODEL, "/samples/bored-1.jpg"]
    inside = page.evaluate(FORMS, [*call, {"threads": 1}])
    beside = page.evaluate(FORMS, [*call, {"threads": 1, "worker": False}])
    assert inside["worker"] == {"used": True, "reason": ""}
    assert beside["worker"] == {"used": False, "reason": "turned off by the page"}
    assert inside["backend"] == beside["backend"]
    assert inside["logits"] == beside["logits"]
    assert all(inside["kept"])
    different = {str(logits) for form, logits in inside["logits"].items()}
    assert len(different) >= 4, "the forms do not all show the same picture"


def test_calls_made_at_once_answer_in_order(opened: Page) -> None:
    order = opened.evaluate(
        """async name => {
            const model = await torch2web.loadModel(name);
            const order = [];
            const slow = await probe.fetchBlob("/samples/bored-1.jpg");
            const large = new ImageData(3000, 2000);
            await Promise.all([
                model.predict(large).then(() => order.push(1)),
                model.predict(slow).then(() => order.push(2)),
                model.run(new Float32Array(3 * 224 * 224)).then(() => order.push(3)),
                model.preprocess(slow).then(() => order.push(4)),
            ]);
            return order;
        }""",
        MODEL,
    )
    assert order == [1, 2, 3, 4]


def test_tensors_stay_the_pages_own(opened: Page) -> None:
    """They are copied to the worker: sequentially, concurrently, and with another batch size."""
    found = opened.evaluate(
        """async name => {
            const model = await torch2web.loadModel(name);
            const size = 3 * 224 * 224;
            const one = new Float32Array(size).fill(0.5);
            const other = new Float32Array(size).map((_, i) => i % 7 - 3);
            const both = new Float32Array([...one, ...other]);
            const logits = async (tensor) => [...await model.run(tensor)];
            const inTurn = [await logits(one), await logits(other), await logits(one)];
            const atOnce = await Promise.all([one, other, one].map(logits));
            const early = logits(other);
            other.fill(9);  // too late to count
            const kept = [one[5], both[size]];
            return { inTurn, atOnce, batch: await logits(both), early: await early, kept };
        }""",
        MODEL,
    )
    first, second, again = found["inTurn"]
    assert first == again != second
    assert found["atOnce"] == [first, second, first]
    assert found["batch"] == pytest.approx(first + second, abs=1e-5)
    assert found["early"] == second
    assert found["kept"] == [0.5, -3]


@pytest.mark.parametrize("worker", [True, False], ids=["in the worker", "in the page"])
def test_signal_stops_what_waits_and_what_runs(opened: Page, worker: bool) -> None:
    result = opened.evaluate(
        """async ([name, worker]) => {
            const model = await torch2web.loadModel(name, { worker });
            const controller = new AbortController();
            const { signal } = controller;
            const tensor = new Float32Array(20 * 3 * 224 * 224);
            const running = model.run(tensor, { signal }).catch((error) => error);
            const waiting = model.predict(new ImageData(9, 9), { signal }).catch((error) => error);
            const other = model.predict(new ImageData(9, 9));
            // In the page itself nothing else happens while it runs.
            if (worker) await new Promise((resolve) => setTimeout(resolve, 30));
            const reason = new Error("the page's own");
            controller.abort(reason);
            const errors = await Promise.all([running, waiting]);
            const early = await model.run(tensor, { signal }).catch((error) => error);
            return [errors.concat(early).map((error) => error === reason), (await other).label];
        }""",
        [MODEL, worker],
    )
    assert result[0] == [True, True, True]
    assert result[1] in ("Bored", "Confused", "Focused", "Tired"), "a call beside it is answered"


def wait_until_ended(page: Page) -> None:
    """Wait until the worker has ended: its lock is free, and the browser has reported the end."""
    page.wait_for_function("() => navigator.locks.query().then(({ held }) => held.length === 0)")
    for _ in range(600):
        if not page.workers:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{page.workers} are still there")


def test_last_model_ends_the_worker(opened: Page) -> None:
    opened.evaluate(
        """async names => {
            window.models = await Promise.all(names.map((name) => torch2web.loadModel(name, { threads: 1 })));
        }""",
        [MODEL, "efficientnet_emotion"],
    )
    assert len(opened.workers) == 1, "one for all models"
    opened.evaluate("models[0].dispose()")
    assert opened.evaluate("models[1].run(new Float32Array(3 * 224 * 224)).then(({ length }) => length)") == 4
    assert len(opened.workers) == 1
    opened.evaluate("models[1].dispose()")
    wait_until_ended(opened)


def test_failed_load_ends_the_worker(opened: Page) -> None:
    error = opened.evaluate("torch2web.loadModel('nothing').catch(probe.describe)")
    assert error["error"] == "ManifestError"
    assert "it has no model" in error["message"]
    wait_until_ended(opened)


def test_errors_of_the_worker_are_the_pages_own(opened: Page) -> None:
    result = opened.evaluate(
        """async name => {
            const model = await torch2web.loadModel(name);
            const decode = await model.predict(new Blob(["no picture"])).catch((error) => error);
            const range = await model.run(new Float32Array(5)).catch((error) => error);
            const foreign = await model.predict(document.body).catch((error) => error);
            return [
                decode instanceof torch2web.DecodeError, decode.name, range instanceof RangeError,
                foreign instanceof torch2web.DecodeError,
            ];
        }""",
        MODEL,
    )
    assert result == [True, "DecodeError", True, True]


def test_dead_worker_is_reported_and_started_again(opened: Page) -> None:
    before = opened.evaluate(
        """async name => {
            window.model = await torch2web.loadModel(name, { threads: 1 });
            return [...await model.run(new Float32Array(3 * 224 * 224))];
        }""",
        MODEL,
    )
    opened.workers[0].evaluate("() => { self.postMessage = () => {}; }")
    opened.evaluate(
        "() => { window.late = model.run(new Float32Array(3 * 224 * 224)).catch(probe.describe); }"
    )
    opened.workers[0].evaluate("() => { setTimeout(() => self.close()); }")
    late = opened.evaluate("late")
    assert late["error"] == "BackendError"
    assert "The worker ended" in late["message"]
    assert (
        opened.evaluate("model.run(new Float32Array(3 * 224 * 224)).then((logits) => [...logits])") == before
    )
    opened.evaluate("model.dispose()")
    wait_until_ended(opened)


def test_signal_is_released_after_each_call(opened: Page) -> None:
    """Listeners are removed, since a page may pass one signal to thousands of calls, as `watch` does."""
    assert (
        opened.evaluate(
            """async name => {
            const { signal } = new AbortController();
            let listeners = 0;
            const add = signal.addEventListener, remove = signal.removeEventListener;
            signal.addEventListener = (...call) => { listeners++; add.apply(signal, call); };
            signal.removeEventListener = (...call) => { listeners--; remove.apply(signal, call); };
            const model = await torch2web.loadModel(name, { threads: 1 });
            for (let i = 0; i < 5; i++) await model.predict(new ImageData(9, 9), { signal });
            await model.predict(new Blob(["no picture"]), { signal }).catch(() => {});
            return listeners;
        }""",
            MODEL,
        )
        == 0
    )


def test_invalid_address_is_reported_once(opened: Page) -> None:
    found = opened.evaluate(
        """async name => {
            const unhandled = [];
            addEventListener("unhandledrejection", (event) => unhandled.push(String(event.reason)));
            const errors = [];
            for (const worker of [true, false]) {
                const options = { baseURL: "http://[", worker };
                await torch2web.loadModel(name, options).catch((error) => errors.push(error.name));
            }
            await new Promise((resolve) => setTimeout(resolve, 200));
            return { errors, unhandled };
        }""",
        MODEL,
    )
    assert found == {"errors": ["TypeError", "TypeError"], "unhandled": []}


def test_abort_does_not_wait_for_the_browsers_cache(opened: Page) -> None:
    reason = opened.evaluate(
        """async name => {
            caches.open = () => new Promise(() => {});
            const signal = AbortSignal.timeout(300);
            const late = new Promise((resolve) => setTimeout(() => resolve("nothing for 60 s"), 60_000));
            const loading = torch2web.loadModel(name, { signal }).catch((error) => error.name);
            return Promise.race([loading, late]);
        }""",
        MODEL,
    )
    assert reason == "TimeoutError"
