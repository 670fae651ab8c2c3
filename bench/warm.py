"""First prediction with all files cached, beside a hand-written page of onnxruntime-web, in fresh pages.

The loader's time includes reading, hashing and decoding the cached parts, starting the runtime, the session,
the self-check and the prediction. In the hand-written page the bytes of runtime and model are already in
memory, and the time includes starting the runtime, the session and one run.
"""

import statistics

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench.site import built_site, chromium
from tests.browser.find import launch_arguments
from tests.browser.parity import open_harness
from tests.browser.server import Host, hosting
from torch2web.cli.terminal.console import Output

ROUNDS = 7
MODELS = ("mobilenet_emotion", "efficientnet_emotion", "landmark_cnn_emotion")

LOADER = """async (name) => {
    const { subtle } = crypto;
    let hashing = 0;
    const digest = subtle.digest.bind(subtle);
    subtle.digest = async (...call) => {
        const started = performance.now();
        const result = await digest(...call);
        hashing += performance.now() - started;
        return result;
    };
    const started = performance.now();
    // In the page itself, where its hashing can be timed.
    const model = await torch2web.loadModel(name, { worker: false });
    await model.predict(new ImageData(224, 224));
    return [performance.now() - started, hashing, model.info.cache.downloaded];
}"""

BY_HAND = """async (name) => {
    const info = await (await fetch("/models/model_info.json")).json();
    const bytesOf = async (path) => new Uint8Array(await (await fetch("/" + path)).arrayBuffer());
    const { api, glue, wasm } = info.runtime.files;
    const wasmBinary = await bytesOf(wasm.parts[0].path);
    const model = await bytesOf(info.models.find((entry) => entry.name === name).plain.path);
    const url = (path) => new URL("/" + path, location.href).href;
    const started = performance.now();
    const ort = await import(url(api.path));
    Object.assign(ort.env.wasm, {
        wasmBinary, numThreads: 1, wasmPaths: { mjs: url(glue.path), wasm: url(wasm.parts[0].path) },
    });
    const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
    const input = new ort.Tensor("float32", new Float32Array(3 * 224 * 224), [1, 3, 224, 224]);
    await session.run({ input });
    return performance.now() - started;
}"""


def measure_warm(output: Output) -> None:
    """Minima and medians, in milliseconds."""
    rows = []
    with built_site() as site, hosting(site) as host, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=launch_arguments())
        rows = [(name, *_measure(browser, host, name)) for name in MODELS]
        browser.close()
    headings = ("warm, ms", "loader min", "median", "hashing", "by hand min", "median", "ratio", "wanted")
    output.table(headings, rows)


def _measure(browser: Browser, host: Host, name: str) -> tuple[str, ...]:
    context = browser.new_context()
    _in_a_fresh_page(context, host, LOADER, name)  # fills the cache
    loader, hashing, by_hand = [], [], []
    for _ in range(ROUNDS):
        total, share, downloaded = _in_a_fresh_page(context, host, LOADER, name)
        if downloaded:
            raise SystemExit(f"{name}: {downloaded} bytes crossed the network from a full cache")
        loader.append(total)
        hashing.append(share)
        by_hand.append(_in_a_fresh_page(context, host, BY_HAND, name))
    context.close()
    return (
        f"{min(loader):.0f}",
        f"{statistics.median(loader):.0f}",
        f"{statistics.median(hashing):.0f}",
        f"{min(by_hand):.0f}",
        f"{statistics.median(by_hand):.0f}",
        f"{min(loader) / min(by_hand):.2f}",
        "1.2",
    )


def _in_a_fresh_page(context: BrowserContext, host: Host, script: str, name: str):  # type: ignore[no-untyped-def]
    page = context.new_page()
    open_harness(page, host)
    result = page.evaluate(script, name)
    page.close()
    return result
