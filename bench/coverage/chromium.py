"""One network in Chromium: the engine beside onnxruntime-web, on one thread each."""

import functools
import http.server
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import sync_playwright

from bench.site import chromium
from tests.browser.find import launch_arguments
from web.build.scripts import runtime_files

_PAGE = Path(__file__).parent / "page.js"
_SECONDS = 300


@dataclass(frozen=True)
class InChromium:
    """Milliseconds, the least of runs in turns."""

    engine: float
    web: float
    """Of onnxruntime-web."""
    difference: float
    """Largest between the two, relative to the largest output."""


def run_in_chromium(
    module: bytes, plan: bytes, weights: bytes, model: Path, x: NDArray[np.float32]
) -> InChromium:
    """The same `plan` and ONNX file `model` with input `x`. Raises playwright's Error."""
    runtime = runtime_files("cpu")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        contents = {"engine.wasm": module, "plan.bin": plan, "weights.safetensors": weights}
        for file, content in (contents | {"input.bin": x.astype("<f4").tobytes()}).items():
            (folder / file).write_bytes(content)
        (folder / "model.onnx").symlink_to(model.absolute())
        for path in (_PAGE, *runtime.values()):
            shutil.copy(path, folder)
        (folder / "index.html").write_text("<!doctype html><title>coverage</title>")
        with _served(folder) as url:
            browser = playwright.chromium.launch(executable_path=chromium(), args=launch_arguments())
            page = browser.new_page()
            page.set_default_timeout(1000 * _SECONDS)
            page.goto(url)
            script = "async ([shape, runtime]) => (await import('/page.js')).compare(shape, runtime)"
            found = page.evaluate(
                script, [list(x.shape), {role: path.name for role, path in runtime.items()}]
            )
            browser.close()
    return InChromium(**found)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address of a server of `folder`."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
