"""Predictions per second for a camera of 640 × 480 pixels, on one thread and on two.

The camera is Chromium's fake one. It gives 60 frames per second, twice the rate of most cameras, so that
it is not the bottleneck.
"""

import statistics
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from bench.latency import MODELS
from bench.site import built_site, chromium
from tests.browser.find import launch_arguments
from tests.browser.server import hosting
from torch2web.cli.terminal.console import Output
from torch2web.demo.faces import draw_face

WIDTH, HEIGHT, RATE = 640, 480, 60
SECONDS = 6
THREADS = (1, 2)

MEASURE = """async ([name, threads, seconds]) => {
    const { loadModel } = await import("/torch2web.js");
    const model = await loadModel(name, { threads });
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
    const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true });
    await video.play();
    const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    let totals = [];
    const watch = model.watch(video, ({ timings }) => totals.push(timings.total));
    await wait(2); // warms up
    totals = [];
    const started = performance.now();
    await wait(seconds);
    watch.stop();
    const rate = totals.length / ((performance.now() - started) / 1000);
    const size = `${video.videoWidth} × ${video.videoHeight}`;
    stream.getTracks().forEach((track) => track.stop());
    await model.dispose();
    return { rate, totals, size, threads: model.backend.threads };
}"""


def measure_camera(output: Output) -> None:
    """Predictions per second, and milliseconds per prediction."""
    options = ("--no-verify-page", "--no-precompressed", "--no-full-onnx")
    with (
        tempfile.TemporaryDirectory() as name,
        built_site(options=options) as site,
        hosting(site) as host,
        sync_playwright() as playwright,
    ):
        video = Path(name) / "face.y4m"
        _write_video(video)
        page_file = Path(name) / "camera.html"
        page_file.write_text('<!doctype html><link rel="icon" href="data:,"><title>camera</title>')
        host.extras["camera.html"] = page_file
        flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        flags += [f"--use-file-for-fake-video-capture={video}"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*launch_arguments(), *flags])
        rows = []
        for model, network in MODELS.items():
            for threads in THREADS:
                page = browser.new_page()
                page.goto(f"{host.url}camera.html")
                found = page.evaluate(MEASURE, [model, threads, SECONDS])
                page.close()
                if found["threads"] != threads:
                    rows.append((network.title, str(threads), found["size"], "–", "–"))
                    continue
                median = statistics.median(found["totals"])
                rows.append(
                    (network.title, str(threads), found["size"], f"{found['rate']:.1f}", f"{median:.1f}")
                )
        browser.close()
    output.table(("camera", "threads", "pixels", "answers a second", "ms each, median"), rows)


def _write_video(path: Path) -> None:
    """Two faces in turn, uncompressed (YUV4MPEG2)."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for seed, label in enumerate(("Focused", "Tired")):
            face = draw_face(label, seed).resize((WIDTH, HEIGHT))
            y, cb, cr = face.convert("YCbCr").split()
            half = [
                plane.resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BOX).tobytes() for plane in (cb, cr)
            ]
            for _ in range(RATE // 2):
                file.write(b"FRAME\n" + y.tobytes() + b"".join(half))
