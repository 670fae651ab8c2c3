"""The server of `serve`."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from torch2web.errors import InputError
from torch2web.serve.static import SiteHandler, create_server


@pytest.fixture
def address(small_site: Path) -> Iterator[str]:
    with create_server(small_site, 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("torch2web.js", "text/javascript; charset=utf-8"),
        ("onnxruntime/ort.wasm.min-*.mjs", "text/javascript; charset=utf-8"),
        ("onnxruntime/ort-wasm-simd-threaded-*.wasm", "application/wasm"),
        ("models/model_info.json", "application/json"),
        ("models/mobilenet_emotion.onnx", "application/octet-stream"),
        ("page-*.css", "text/css; charset=utf-8"),
        ("samples/bored-1.jpg", "image/jpeg"),
    ],
)
def test_types_and_isolation(address: str, small_site: Path, path: str, content_type: str) -> None:
    if "*" in path:
        (found,) = small_site.glob(path)
        path = found.relative_to(small_site).as_posix()
    with urllib.request.urlopen(address + path, timeout=PATIENCE) as response:
        assert response.headers["Content-Type"] == content_type
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("origin", "readable"),
    [
        ("http://localhost:5173", True),
        ("http://127.0.0.1:8100", True),
        ("http://[::1]:3000", True),
        ("https://friend.example", True),
        ("https://other.example", False),
        ("http://localhost.other.example", False),
        ("null", False),
    ],
)
def test_pages_of_this_machine_and_of_allowed_origins_read(
    tiny_site: Path, origin: str, readable: bool
) -> None:
    handler = partial(SiteHandler, origins=("https://friend.example",))
    with create_server(tiny_site, 0, handler=handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/torch2web.js"
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Origin": origin})) as response:
            assert response.headers["Access-Control-Allow-Origin"] == (origin if readable else None)
            assert response.headers["Vary"] == "Origin"
        server.shutdown()


@pytest.mark.parametrize("path", ["nothing.js", "models/", "../pyproject.toml", "%2e%2e/pyproject.toml"])
def test_what_is_not_there(address: str, path: str, small_site: Path) -> None:
    (small_site.parent / "pyproject.toml").write_text("beside the site, where nobody may look")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address + path, timeout=PATIENCE)
    assert caught.value.code == 404
    caught.value.close()


def test_port_in_use(address: str, small_site: Path) -> None:
    port = int(address.rstrip("/").rpartition(":")[2])
    with pytest.raises(InputError, match=f"port {port} cannot be used"):
        create_server(small_site, port)
    with pytest.raises(InputError, match="port 99999 cannot be used"):
        create_server(small_site, 99999)


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host"])
def test_address_of_another_machine(small_site: Path, host: str) -> None:
    with pytest.raises(
        InputError, match=f"{host} is not an address of this machine: .*; choose another one with"
    ):
        create_server(small_site, 0, host)
