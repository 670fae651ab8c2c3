"""The oldest supported browsers, emulated by removing what Safari 16.4, Chrome 109 and Firefox 115 lack."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.parity import HARNESS, open_harness
from tests.browser.server import Host, Hosting
from tests.browser.sites import script_of

MODEL = "mobilenet_emotion"
OLD = (HARNESS / "old.js").read_text()

NEWER = (
    r"AbortSignal\.(any|timeout)\b",
    r"\.(withResolvers|fromAsync|groupBy|toSorted|toReversed|toSpliced|canParse)\b",
    r"\.(union|intersection|isSubsetOf|isSupersetOf|isDisjointFrom)\(",
    r"\.(fromBase64|toBase64|fromHex|toHex|transferToFixedLength)\b",
    r"\.(keys|values|entries)\(\)\.(map|filter|take|drop|toArray|some|every|find|reduce|forEach|flatMap)\b",
    r"Promise\.try\b",
    r"\bIterator\.",
    r"/[dgimsuy]*v[dgimsuy]*\.(test|exec)\b",
    r"\bimport\.meta\.resolve\b",
    r"\busing [a-z]",
)
"""Names that one of them lacks; where there is another way, the test above runs that way."""


@pytest.fixture
def host(small_site: Path, host_of: Hosting, tmp_path: Path) -> Host:
    host = host_of(small_site)
    worker = tmp_path / "old-worker.js"
    worker.write_text(f'import "./old.js";\nimport "/{script_of(small_site)}";\n')
    host.extras["harness/old-worker.js"] = worker
    return host


@pytest.mark.parametrize("worker", [True, False], ids=["in the worker", "in the page"])
@pytest.mark.parametrize("backend", ["compiled", "wasm"])
def test_works_without_newer_features(page: Page, host: Host, worker: bool, backend: str) -> None:
    page.add_init_script(f"(() => {{ {OLD} }})()")
    open_harness(page, host)
    found = page.evaluate(
        """async ([name, options]) => {
            const { signal } = new AbortController();
            let progress = 0;
            const onProgress = () => progress++;
            const load = () => torch2web.loadModel(name, { ...options, signal, onProgress });
            await (await load()).dispose();
            const model = await load();  // from the cache
            const blob = await probe.fetchBlob("/samples/bored-1.jpg");
            const bitmap = await createImageBitmap(blob);
            const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
            const context = canvas.getContext("2d");
            const paint = () => context.drawImage(bitmap, 0, 0, 640, 480);
            paint();
            const offscreen = new OffscreenCanvas(640, 480);
            offscreen.getContext("2d").drawImage(bitmap, 0, 0, 640, 480);
            const img = Object.assign(new Image(), { src: "/samples/bored-1.jpg" });
            const stream = canvas.captureStream(30);
            const video = Object.assign(document.createElement("video"), { muted: true, srcObject: stream });
            const timer = setInterval(paint, 30);
            await video.play();
            const pixels = context.getImageData(0, 0, 640, 480);
            const png = await new Promise((resolve) => canvas.toBlob(resolve));
            const sources = { blob, png, bitmap, canvas, offscreen, img, video, pixels };
            const labels = {};
            for (const [form, source] of Object.entries(sources))
                labels[form] = (await model.predict(source, { signal })).label;
            const batch = await model.predictBatch([blob, canvas, img]);
            const watched = [];
            for (const source of [stream, video]) {
                watched.push(await new Promise((resolve, reject) => {
                    const watch = model.watch(source, ({ label }) => { watch.stop(); resolve(label); },
                        { onError: reject, signal });
                }));
            }
            clearInterval(timer);
            const { fromCache, downloaded, kept } = model.info.cache;
            const { used, reason } = model.worker;
            await model.dispose();
            const backend = model.backend.name;
            const counts = { batch: batch.length, fromCache, downloaded, progress, workers };
            return { labels, watched, kept, used, reason, backend, ...counts };
        }""",
        [MODEL, {"worker": worker, "backends": [backend]}],
    )
    assert found["used"] is worker, found["reason"]
    assert (found["workers"] > 0) is (worker or page.evaluate("crossOriginIsolated"))
    assert found["backend"] == backend
    assert set(found["labels"].values()) == {"Bored"}
    assert len(found["labels"]) == 8
    assert found["watched"] == ["Bored", "Bored"]
    assert found["batch"] == 3
    assert found["kept"]
    assert found["downloaded"] == 0 < found["fromCache"]
    assert found["progress"] > 0


def test_styles_use_nothing_newer(small_site: Path) -> None:
    newer = re.compile(r"light-dark\(|color-mix\(|:has\(|@scope|text-wrap|^\s*&", re.MULTILINE)
    styles = list(small_site.glob("*.css"))
    assert styles
    assert [path.name for path in styles if newer.search(path.read_text())] == []


def test_scripts_name_nothing_newer(small_site: Path) -> None:
    scripts = [path for path in small_site.glob("*.js") if path.name != "stub.js"]
    assert len(scripts) >= 5
    for path in scripts:
        text = path.read_text()
        assert [pattern for pattern in NEWER if re.search(pattern, text)] == [], path.name
