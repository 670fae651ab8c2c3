"""`serve --api` under load by wrk, beside FastAPI and onnxruntime by hand without batches, in the same run.

Needs `wrk` and FastAPI (`apt-get install wrk`, `pip install fastapi`). The servers run in turns.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from bench.site import ROOT, built_site
from tests.tiny_network import write_tiny_catalog
from torch2web.cli.terminal.console import Output

CONNECTIONS = (1, 8, 64)
WORKERS = (1, 2)
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "100000"))
"""For the memory, of a tiny network: what is lost is lost by each request, whichever network answers it."""
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))
PORT = 8471

SCRIPT = """
local file = io.open(os.getenv("PICTURE"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "image/jpeg"
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
"""

BY_HAND = '''
"""What one writes in ten minutes: FastAPI and onnxruntime, a session and an image at a time."""
import os
from io import BytesIO
from pathlib import Path

import numpy as np
from fastapi import FastAPI, Request
from onnxruntime import InferenceSession
from PIL import Image
from torch2web.images import Preprocessing, open_image, preprocess
from torch2web.site.manifest import read_site_manifest

SITE = os.environ["SITE"]
(model,) = [m for m in read_site_manifest(Path(SITE))["models"] if m["recommended"]["target"] == "server"]
spec = Preprocessing.from_dict(model["preprocessing"])
session = InferenceSession(f"{SITE}/{model['plain']['path']}", providers=["CPUExecutionProvider"])
app = FastAPI()


def predict_bytes(content):
    tensor = preprocess(open_image(BytesIO(content), spec), spec)
    (logits,) = session.run(None, {"input": tensor[None]})
    e = np.exp(logits[0] - logits[0].max())
    p = (e / e.sum()).tolist()
    return {"label": model["labels"][int(np.argmax(p))], "probabilities": p, "logits": logits[0].tolist()}


@app.post("/api/predict")
async def predict(request: Request):
    content = await request.body()
    from starlette.concurrency import run_in_threadpool
    return await run_in_threadpool(predict_bytes, content)
'''


def measure_server(output: Output) -> None:
    """Requests a second and latencies by connections and workers; then memory over many requests."""
    if not shutil.which("wrk") or not find_spec("fastapi"):
        output.warning("server: needs wrk and FastAPI (apt-get install wrk; pip install fastapi); left out")
        return
    options = ("--no-verify-page", "--no-precompressed", "--no-docs")
    with tempfile.TemporaryDirectory() as name, _site(options) as site:
        folder = Path(name)
        (folder / "post.lua").write_text(SCRIPT)
        (folder / "by_hand.py").write_text(BY_HAND)
        load = _Load(folder / "post.lua", next(site.glob("samples/*.jpg")))
        rows: list[tuple[str, ...]] = []
        for workers in WORKERS:
            for title, command in _servers(site, folder, workers).items():
                with _running(command, site, folder):
                    load.run(2, 2)  # warm
                    found = {c: [load.run(c, SECONDS) for _ in range(ROUNDS)] for c in CONNECTIONS}
                for connections, runs in found.items():
                    best = max(runs, key=lambda run: run[0])
                    figures = (f"{best[0]:.1f}", *(f"{value:.0f}" for value in best[1:4]), f"{best[4]:.0f}")
                    rows.append((f"{title}, {workers} workers, {connections} connections", *figures))
        output.table(("server", "answers/s", "p50 ms", "p95 ms", "p99 ms", "errors"), rows)
        _measure_memory(output, folder, load)


@contextmanager
def _site(options: Sequence[str]) -> Iterator[Path]:
    """The site that BENCH_SITE names, or a new one."""
    if given := os.environ.get("BENCH_SITE"):
        yield Path(given)
        return
    with built_site(options=options) as site:
        yield site


def _servers(site: Path, folder: Path, workers: int) -> dict[str, list[str]]:
    python = sys.executable
    ours = [python, "-m", "torch2web", "serve", str(site), "--api", "--no-pages", "--max-queue", "1000"]
    by_hand = [python, "-m", "uvicorn", "by_hand:app", "--app-dir", str(folder), "--log-level", "warning"]
    both = ["--port", str(PORT), "--workers", str(workers)]
    return {
        "FastAPI by hand": [*by_hand, *both],
        "serve --api, batches of 1": [*ours, *both, "--max-batch", "1"],
        "serve --api": [*ours, *both],
        "serve --api, batches of 8": [*ours, *both, "--max-batch", "8"],
    }


@contextmanager
def _running(command: list[str], site: Path, folder: Path) -> Iterator[int]:
    """The server until the block ends; its process id."""
    with (folder / "log").open("w") as log:
        environment = {**os.environ, "SITE": str(site)}
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=environment)
        try:
            _wait_for_answer(process)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait_for_answer(process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        time.sleep(0.1)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/predict", timeout=5)
        except urllib.error.HTTPError as error:  # POST is expected
            error.close()
            time.sleep(3)  # for the other workers
            return
        except OSError:
            assert process.poll() is None, "the server ended"
    raise AssertionError("the server does not answer")


class _Load:
    def __init__(self, script: Path, picture: Path) -> None:
        self._script, self._environment = script, {**os.environ, "PICTURE": str(picture)}

    def run(self, connections: int, seconds: float) -> tuple[float, float, float, float, float]:
        """Answers a second, milliseconds of p50, p95 and p99, and errors."""
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "30s"]
        command += ["-s", str(self._script), f"http://127.0.0.1:{PORT}/api/predict"]
        result = subprocess.run(command, capture_output=True, text=True, check=True, env=self._environment)
        found = re.search(r"RESULT (.+)", result.stdout)
        assert found, result.stdout
        requests, duration, p50, p95, p99, refused, broken = map(float, found[1].split())
        answered = requests - refused
        return answered / (duration / 1e6), p50 / 1000, p95 / 1000, p99 / 1000, refused + broken


def _measure_memory(output: Output, folder: Path, load: _Load) -> None:
    """Memory of a worker after each tenth of the requests."""
    rows, done, written = [], 0.0, 0.0
    options = [*map(str, write_tiny_catalog(folder)), "--no-verify-page", "--no-precompressed", "--no-docs"]
    with (
        built_site(options=options) as site,
        _running(_servers(site, folder, 1)["serve --api"], site, folder) as supervisor,
    ):
        worker = _worker_of(supervisor)
        while done < REQUESTS:
            rate, *_ = load.run(8, 5)
            done += rate * 5
            if done >= written:
                rows.append((f"{done:,.0f} requests", f"{_resident(worker):.1f}"))
                written += REQUESTS / 10
    output.table(("memory of a worker after", "MiB"), rows)


def _worker_of(supervisor: int) -> int:
    """The child that uses the most memory."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(supervisor)], capture_output=True, check=True)
    return max(map(int, listed.stdout.split()), key=_resident)


def _resident(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024
