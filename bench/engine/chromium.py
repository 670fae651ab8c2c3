"""The networks of networks.c beside onnxruntime-web in one Chromium: `python -m bench.engine.chromium`.

Kernels alone, with random weights, on one thread and on two; minima of interleaved rounds. The models for
onnxruntime-web are those in the build cache `.cache`.
"""

import functools
import http.server
import json
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.engine.build import build
from tests.browser.find import find_chromium, launch_arguments
from web.build.scripts import runtime_files

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "models"
MODELS = ("mobilenet_emotion", "efficientnet_emotion", "landmark_cnn_emotion")


class _Isolated(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


def fill(folder: Path, with_runtime: bool) -> None:
    """Write all files that the page loads."""
    build(folder)
    for script in HERE.glob("*.js"):
        shutil.copy(script, folder)
    (folder / "index.html").write_text("<!doctype html><title>bench</title>")
    if with_runtime:
        for path in runtime_files("cpu").values():
            shutil.copy(path, folder)
        for name in MODELS:
            for path in CACHE.glob(f"{name}-*/model.onnx"):
                shutil.copy(path, folder / f"{name}.onnx")


def main() -> None:
    """Measure. The argument `ort` adds onnxruntime-web, a number sets the rounds."""
    rounds = next((int(word) for word in sys.argv[1:] if word.isdigit()), 40)
    runtime = "ort" in sys.argv[1:]
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        fill(folder, runtime)
        handler = functools.partial(_Isolated, directory=name)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=launch_arguments())
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        script = "async ([rounds, models]) => (await import('/compare.js')).compare(rounds, models)"
        page.set_default_timeout(0)
        result = page.evaluate(script, [rounds, list(MODELS) if runtime else []])
        print(json.dumps(result, indent=1))
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
