"""Start-up time of the compiled engine, from a model's downloaded bytes to its first result.

Each round in a fresh browser without compiled code: decode the weights, which a page does as their parts
arrive; compile and instantiate the module, check the plan, unpack the weights; then the first run, before the
code is fully optimised, and the fastest of the next ones.
"""

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Playwright, sync_playwright

from bench.site import COMPACT, ROOT, built_site, chromium
from tests.browser.find import launch_arguments
from tests.browser.server import Host, hosting
from torch2web.cli.terminal.console import Output
from torch2web.site.manifest.check import read_manifest
from web.build.node import run_node
from web.build.scripts import node_package

ROUNDS = 5
LATER_RUNS = 10
WANTED = {"mobilenet_emotion/int8": "60"}
"""Most milliseconds of decoding, compiling and unpacking together, where a figure was set."""

MEASURE = """async ([module, plan, weights, laterRuns]) => {
    const { Engine, decodePart, inParts } = await import("/bench/session.js");
    const bytesOf = async ({ path }) => new Uint8Array(await (await fetch("/" + path)).arrayBuffer());
    const [wasm] = await Promise.all(module.parts.map(bytesOf));
    const [steps] = await Promise.all(plan.parts.map(bytesOf));
    const stored = await Promise.all(weights.parts.map(bytesOf));
    const times = [performance.now()];
    const parts = [];
    for (const [index, part] of weights.parts.entries()) parts.push(await decodePart(stored[index], part));
    times.push(performance.now());
    const file = inParts(parts);
    const compiled = await WebAssembly.compile(wasm);
    times.push(performance.now());
    const engine = await Engine.create(compiled, steps, file, 1);
    times.push(performance.now());
    const input = new Float32Array(engine.inputLength);
    engine.run(input);
    times.push(performance.now());
    let fastest = Infinity;
    for (let run = 0; run < laterRuns; run++) {
        const started = performance.now();
        engine.run(input);
        fastest = Math.min(fastest, performance.now() - started);
    }
    return [...times.slice(1).map((time, i) => time - times[i]), fastest];
}"""


def measure_session(output: Output) -> None:
    """Minima of each step, in milliseconds."""
    rows = []
    with (
        tempfile.TemporaryDirectory() as name,
        built_site(options=("--no-verify-page", "--no-precompressed", "--no-full-onnx", *COMPACT)) as site,
        hosting(site) as host,
        sync_playwright() as playwright,
    ):
        _lay_out(host, Path(name))
        manifest = read_manifest((site / "models/model_info.json").read_bytes())
        engine = manifest["engine"]["files"]["relaxed"]
        for model in manifest["models"]:
            for variant in model["variants"]:
                files = [engine, model["plan"], variant["weights"], LATER_RUNS]
                rounds = _rounds(playwright, host, files)
                title = f"{model['name']}/{variant['name']}"
                start = min(decoded + compiled + created for decoded, compiled, created, *_ in rounds)
                least = (f"{min(times):.1f}" for times in zip(*rounds, strict=True))
                rows.append((title, f"{start:.1f}", WANTED.get(title, ""), *least))
    output.table(("ms", "start", "wanted", "decode", "compile", "unpack", "first run", "later runs"), rows)


def _lay_out(host: Host, folder: Path) -> None:
    script = folder / "session.js"
    esbuild = str(node_package("esbuild") / "bin" / "esbuild")
    source = str(ROOT / "bench" / script.name)
    run_node([esbuild, source, "--bundle", "--format=esm", "--log-level=error", f"--outfile={script}"], ROOT)
    page = folder / "page.html"
    page.write_text('<!doctype html><link rel="icon" href="data:,"><title>session</title>')
    host.extras |= {"bench/session.js": script, "bench/page.html": page}


def _rounds(playwright: Playwright, host: Host, files: list[Any]) -> list[list[float]]:
    rounds = []
    for _ in range(ROUNDS):
        browser = playwright.chromium.launch(executable_path=chromium(), args=launch_arguments())
        page = browser.new_page()
        page.goto(f"{host.url}bench/page.html")
        rounds.append(page.evaluate(MEASURE, files))
        browser.close()
    return rounds
