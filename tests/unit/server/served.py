"""A site with tiny networks that is only good for a server, and a running server of a site."""

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession
from PIL import Image

from tests.conftest import ROOT
from tests.patience import PATIENCE
from torch2web.images import Preprocessing, golden_input

LABELS = ("round", "square", "flat", "tall")


def write_tiny_site(folder: Path, *, gain: float = 1) -> Path:
    """Write a site of two networks, `large` for servers; `gain` falsifies the recorded golden outputs."""
    table = json.loads((ROOT / "tests/cases/manifests.json").read_text())
    manifest, (entry, *_) = table["good"], table["good"]["models"]
    manifest["api"] = "shapes"
    models = []
    for name, target, seed in (("small", "browser", 1), ("large", "server", 2)):
        path = folder / "models" / f"{name}.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_network(seed))
        inputs = golden_input(20261, Preprocessing.from_dict(entry["preprocessing"]))
        (outputs,) = InferenceSession(path).run(None, {"input": inputs})
        golden = {"seed": 20261, "logits": (gain * outputs).tolist(), "tolerance": 1e-4}
        plain = {
            "path": f"models/{name}.onnx",
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        model = {
            **entry,
            "name": name,
            "title": f"<b>{name}</b>",
            "labels": list(LABELS),
            "output": {"name": "output", "dtype": "float32", "shape": ["batch", len(LABELS)]},
            "plain": plain,
            "golden": golden,
            "recommended": {"target": target, "role": "optional"},
            "variants": [{**variant, "golden": golden} for variant in entry["variants"]],
        }
        models.append(model)
    manifest["models"] = models
    (folder / "models/model_info.json").write_text(json.dumps(manifest))
    (folder / "index.html").write_text("<p>the page")
    return folder


def _network(seed: int) -> bytes:
    weights = np.random.default_rng(seed).normal(size=(3, len(LABELS))).astype(np.float32)
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 224, 200])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content: bytes = model.SerializeToString()
    onnx.checker.check_model(content)
    return content


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def problem(self) -> str:
        message: str = self.json["error"]["message"]
        return message


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    port: int
    pid: int
    """Of the supervisor."""
    log_file: Path

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "",
        timeout: float = PATIENCE,
    ) -> Reply:
        """One request on its own connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body, dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Lines of the log that are whole."""
        written, _, _ = self.log_file.read_text().rpartition("\n")
        lines = [json.loads(line) for line in written.splitlines()]
        return [line for line in lines if line["event"] == name]

    def request(self, request_id: str) -> dict[str, Any]:
        """The log's line of a request; a server writes it after its answer, so it is waited for."""
        until(lambda: request_id in {line["request_id"] for line in self.events("request")})
        (line,) = (line for line in self.events("request") if line["request_id"] == request_id)
        return line

    def wait_for_metric(self, pattern: str, headers: Mapping[str, str] | None = None) -> None:
        """Requests are counted after their answers."""
        until(lambda: re.search(pattern, self.ask("/metrics", headers=headers).content.decode()))

    def workers(self) -> list[int]:
        """Process ids of the workers that run."""
        ended = {event["worker"] for event in self.events("worker ended")}
        return [event["worker"] for event in self.events("worker started") if event["worker"] not in ended]


@contextmanager
def serving(
    site: Path, log_file: Path, *options: object, env: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Run `serve --api` as a user does, until the block ends; it must then end by itself."""
    command = [sys.executable, "-m", "torch2web", "serve", str(site), "--api", "--port", "0"]
    with log_file.open("w") as log:
        process = subprocess.Popen(
            [*command, *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        )
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert line, log_file.read_text()
            port = int(line.partition("/api/predict")[0].rpartition(":")[2])
            yield Served(port, process.pid, log_file)
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=PATIENCE)
            assert rest.splitlines()[-1] == "stopped"
            assert process.returncode == 0, log_file.read_text()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def until(condition: Any, seconds: float = PATIENCE) -> None:
    """Wait until `condition()` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def picture(width: int = 60, height: int = 40, seed: int = 0) -> Image.Image:
    """Smooth colours that differ by seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
