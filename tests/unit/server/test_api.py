"""`serve --api` on a real uvicorn with real HTTP: what it answers, and what it refuses."""

import base64
import json
import re
import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from onnxruntime import InferenceSession
from PIL import Image

from tests.corpus.bombs import bombs
from tests.patience import PATIENCE
from tests.unit.server.served import LABELS, Served, picture, serving, write_tiny_site
from torch2web.images import Preprocessing, open_image, preprocess
from torch2web.site.manifest import read_manifest
from torch2web.tasks import softmax

TOKEN = "0123456789-abcdef"
ORIGIN = "https://page.example"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_site(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests of this file."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "token").write_text(f"{TOKEN}\n")
    options = ["--token-file", folder / "token", "--allow-origin", ORIGIN]
    options += ["--max-upload", "0.5", "--max-pixels", "1"]
    with serving(site, folder / "log", *options) as served:
        yield served


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


PNG = encoded(picture())
ASK = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/png"}


def form(*files: bytes, name: str = "image", field: str = "") -> tuple[bytes, str]:
    parts = [
        b'Content-Disposition: form-data; name="%s"; filename="a.png"\r\n\r\n%s' % (name.encode(), file)
        for file in files
    ]
    parts += [b'Content-Disposition: form-data; name="note"\r\n\r\n' + field.encode()] if field else []
    body = b"".join(b"--XX\r\n" + part + b"\r\n" for part in parts) + b"--XX--\r\n"
    return body, "multipart/form-data; boundary=XX"


def reference(site: Path, name: str, content: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Logits by the build's own code."""
    manifest = read_manifest((site / "models/model_info.json").read_bytes())
    (entry,) = (model for model in manifest["models"] if model["name"] == name)
    spec = Preprocessing.from_dict(entry["preprocessing"])
    tensor = preprocess(open_image(BytesIO(content), spec), spec)
    (logits,) = InferenceSession(site / entry["plain"]["path"]).run(None, {"input": tensor[None]})
    found: np.ndarray[tuple[int], np.dtype[np.float32]] = logits[0]
    return found


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/api/predict", "large"),
        ("/api/shapes/predict", "large"),
        ("/api/models/large/predict", "large"),
        ("/api/models/small/predict", "small"),
    ],
)
def test_answers_are_the_builds(server: Served, site: Path, path: str, model: str) -> None:
    upright = Image.Exif()
    upright[0x0112] = 6  # orientation
    turned = encoded(picture(90, 50, seed=1), "JPEG", exif=upright)
    for content in (PNG, turned, encoded(picture().convert("L")), encoded(picture().convert("RGBA"))):
        reply = server.ask(path, content, ASK)
        assert reply.status == 200, reply.content
        answer = reply.json
        expected = reference(site, model, content)
        assert np.abs(np.array(answer["logits"]) - expected).max() <= 1e-6
        assert np.abs(np.array(answer["probabilities"]) - softmax(expected)).max() <= 1e-6
        assert answer["label"] == LABELS[int(expected.argmax())]
        assert [entry["label"] for entry in answer["top"]] == [LABELS[i] for i in np.argsort(-expected)]
        assert answer["model"]["name"] == model
        assert (
            answer["model"]["sha256"]
            == server.ask("/api/models", headers=ASK).json["models"][model == "large"]["sha256"]
        )
        assert answer["timings"]["total"] >= answer["timings"]["inference"] > 0
        assert reply.headers["x-request-id"]


def test_all_forms_of_a_request_are_the_same(server: Served) -> None:
    body, kind = form(PNG, field="hello")
    text = base64.b64encode(PNG).decode()
    urls = [text, f"data:image/png;base64,{text}"]
    asked = [
        server.ask("/api/predict", body, {**ASK, "Content-Type": kind}),
        server.ask("/api/predict", PNG, {**ASK, "Content-Type": "application/octet-stream"}),
        server.ask("/api/predict", PNG, {**ASK, "Content-Type": ""}),
        *(
            server.ask(
                "/api/predict",
                json.dumps({"image": url}).encode(),
                {**ASK, "Content-Type": "application/json"},
            )
            for url in urls
        ),
    ]
    assert [reply.status for reply in asked] == [200] * 5
    assert len({tuple(reply.json["logits"]) for reply in asked}) == 1


LARGE = b"\0" * 600_000
WRONG = [
    ("/api/models/none/predict", PNG, "image/png", 404, "expected one of small, large"),
    ("/api/none/predict", PNG, "image/png", 404, "no such address"),
    ("/api/predict", b"", "image/png", 400, "no bytes"),
    ("/api/predict", b"no picture", "image/png", 415, "expected one of JPEG, PNG, WEBP"),
    ("/api/predict", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "image/png", 415, "no picture"),
    ("/api/predict", PNG[:-40], "image/png", 422, "damaged"),
    ("/api/predict", LARGE, "image/png", 413, "too large, expected at most 0.5 MiB"),
    ("/api/predict", form(LARGE)[0], form()[1], 413, "too large"),
    ("/api/predict", json.dumps({"image": "A" * 800_000}).encode(), "application/json", 413, "too large"),
    ("/api/predict", PNG, "text/plain", 415, "found the content type 'text/plain'"),
    ("/api/predict", b"{", "application/json", 400, "no valid JSON"),
    ("/api/predict", b"[" * 100_000, "application/json", 400, "no valid JSON"),
    ("/api/predict", b"[]", "application/json", 400, "no string under the key image"),
    ("/api/predict", b'{"image": "??"}', "application/json", 400, "no valid base64"),
    ("/api/predict", form(PNG, PNG)[0], form()[1], 400, "Too many files"),
    ("/api/predict", form(field="x")[0], form()[1], 400, "found 0 files"),
    ("/api/predict", b"--YY", "multipart/form-data", 400, "boundary"),
    (
        "/api/predict",
        encoded(picture(1100, 1000)),
        "image/png",
        413,
        "expected at most 1 million pixels",
    ),
    ("/api/predict", encoded(picture(1, 9000)), "image/png", 413, "which is resized to 256 × 2304000"),
]


@pytest.mark.parametrize(("path", "body", "kind", "status", "problem"), WRONG)
def test_wrong_requests(server: Served, path: str, body: bytes, kind: str, status: int, problem: str) -> None:
    reply = server.ask(path, body, {**ASK, "Content-Type": kind})
    assert reply.status == status, reply.content
    assert problem in reply.problem
    assert "Traceback" not in reply.problem


def test_bombs_are_refused_before_they_are_decoded(server: Served) -> None:
    (worker,) = server.workers()
    before = peak_of(worker)
    for file in bombs():
        reply = server.ask("/api/predict", file.content, ASK)
        assert reply.status in (413, 415, 422), f"{file.name}: {reply.content!r}"
    assert peak_of(worker) < before + 64 * 2**20
    assert server.workers() == [worker]


def peak_of(pid: int) -> int:
    """Bytes of memory that a process had at most."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return 1024 * int(found[1])


def test_methods(server: Served) -> None:
    assert server.ask("/api/predict", headers=ASK).status == 405
    assert server.ask("/api/models/small/predict", method="PUT", body=PNG, headers=ASK).status == 405
    assert server.ask("/healthz", method="HEAD").status == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff"]
)
def test_token(server: Served, given: str) -> None:
    for path in ("/api/models", "/metrics"):
        assert server.ask(path, headers={"Authorization": given}).status == 401
    reply = server.ask("/api/predict", PNG, headers={"Authorization": given})
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"


def test_other_origins(server: Served) -> None:
    """Pages of listed origins may ask, and read errors; others may not, whatever their browser sends."""
    allowed = server.ask("/api/predict", PNG, ASK | {"Origin": ORIGIN})
    assert allowed.status == 200
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    wrong = server.ask("/api/predict", b"no picture", ASK | {"Origin": ORIGIN})
    assert (wrong.status, wrong.headers["access-control-allow-origin"]) == (415, ORIGIN)
    other = server.ask("/api/predict", PNG, ASK | {"Origin": "https://page.example.org"})
    assert other.status == 403
    assert "access-control-allow-origin" not in other.headers
    assert server.ask("/api/predict", PNG, ASK | {"Origin": "null"}).status == 403
    own = f"http://127.0.0.1:{server.port}"
    assert server.ask("/api/predict", PNG, ASK | {"Origin": own}).status == 200
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    assert server.ask("/api/predict", method="OPTIONS", headers=asking | {"Origin": ORIGIN}).status == 200
    assert (
        server.ask("/api/predict", method="OPTIONS", headers=asking | {"Origin": "https://a.example"}).status
        == 400
    )


def test_description_and_page_need_nothing_else(server: Served) -> None:
    description = server.ask("/openapi.json").json
    assert description["openapi"].startswith("3.1")
    paths = {
        "/api/shapes/predict",
        "/api/predict",
        "/api/models/{name}/predict",
        "/api/models",
        "/healthz",
        "/metrics",
    }
    assert set(description["paths"]) == paths
    answer = server.ask("/api/predict", PNG, ASK).json
    known = description["components"]["schemas"]["Prediction"]["properties"]
    assert set(answer) <= set(known)
    assert set(answer["timings"]) == set(known["timings"]["properties"])
    page = server.ask("/docs")
    text = page.content.decode()
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "&lt;b&gt;large&lt;/b&gt;" in text
    assert f"-F image=@face.jpg http://127.0.0.1:{server.port}/api/shapes/predict" in text
    for host in ("a.example:81", "[::1]:81"):
        assert f"http://{host}/api" in server.ask("/docs", headers={"Host": host}).content.decode()
    for host in ("a$(reboot)", "<b>", "a b"):
        assert host not in server.ask("/docs", headers={"Host": host}).content.decode()
    assert re.findall(r"(?:src|href)=[\"']?([^\"'> ]+)", text) == ["openapi.json"]


def test_health_metrics_and_the_sites_files(server: Served) -> None:
    assert server.ask("/healthz").json == {"status": "ok", "default": "large"}
    server.ask("/api/predict", PNG, ASK)
    server.wait_for_metric(r'torch2web_requests_total\{route="predict",status="200"\} [1-9]', ASK)
    server.wait_for_metric("torch2web_accepted_requests 0.0", ASK)
    assert "torch2web_stage_seconds_bucket" in server.ask("/metrics", headers=ASK).content.decode()
    page = server.ask("/")
    assert page.content == b"<p>the page"
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert server.ask("/models/").status == 404
    assert server.ask("/%2e%2e/%2e%2e/etc/passwd").status == 404


def test_log_is_structured_and_keeps_no_picture(server: Served) -> None:
    server.ask("/api/predict", PNG, ASK | {"X-Request-ID": "mine-1"})
    line = server.request("mine-1")
    assert (line["status"], line["model"], line["width"], line["bytes"]) == (200, "large", 60, len(PNG))
    text = server.log_file.read_text()
    assert TOKEN not in text
    assert "a.png" not in text
    injected = server.ask("/healthz", headers={"X-Request-ID": '"},"x":1'})
    assert re.fullmatch("[0-9a-f]{32}", injected.headers["x-request-id"])


def test_no_http_is_answered_too(server: Served) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert server.ask("/healthz").status == 200
